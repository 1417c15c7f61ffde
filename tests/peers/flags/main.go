// Command flags reads one command line a line, and prints what pflag says of it: an error, or ok.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// flags are those of tests/command_line/test_flags.py.
func flags() *pflag.FlagSet {
	set := pflag.NewFlagSet("peer", pflag.ContinueOnError)
	set.Usage = func() {}
	set.BoolP("all", "a", false, "")
	set.BoolP("quiet", "q", true, "")
	set.IntP("number", "n", 7, "")
	set.Int32("small", 0, "")
	set.Uint64("size", 0, "")
	set.Float64("ratio", 0, "")
	set.StringP("output", "o", "", "")
	set.String("dry-run", "none", "")
	set.Lookup("dry-run").NoOptDefVal = "unchanged"
	set.Duration("timeout", 5*time.Second, "")
	set.StringSliceP("slice", "s", []string{"x"}, "")
	set.StringArray("array", nil, "")
	set.StringToStringP("env", "e", nil, "")
	set.CountP("verbose", "v", "")
	return set
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := flags().Parse(strings.Split(lines.Text(), " ")); err != nil {
			fmt.Println(err)
		} else {
			fmt.Println("ok")
		}
	}
}
