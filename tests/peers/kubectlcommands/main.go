// The commands of kubectl and their flags, as facts: a line for each command, then one for each of
// its own flags, and first those of all commands.
package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/kubectl/pkg/cmd"
)

func flags(set *pflag.FlagSet) {
	set.VisitAll(func(f *pflag.Flag) {
		short := f.Shorthand
		if short == "" {
			short = "-"
		}
		mark := ""
		if f.Deprecated != "" {
			mark = fmt.Sprintf(" deprecated=%q", f.Deprecated)
		}
		if f.Hidden {
			mark += " hidden"
		}
		fmt.Printf("  --%s %s %s default=%q alone=%q%s\n", f.Name, short, f.Value.Type(), f.DefValue, f.NoOptDefVal, mark)
	})
}

func walk(c *cobra.Command, path string) {
	name := strings.TrimSpace(path + " " + c.Name())
	line := name
	if len(c.Aliases) > 0 {
		line += " aliases=" + strings.Join(c.Aliases, ",")
	}
	if !c.Runnable() {
		line += " group"
	}
	fmt.Println(line)
	if use := c.UseLine(); use != "" {
		fmt.Printf("  usage=%q\n", use)
	}
	flags(c.LocalNonPersistentFlags())
	if c.HasParent() {
		flags(c.PersistentFlags())
	}
	for _, child := range c.Commands() {
		walk(child, name)
	}
}

func main() {
	cobra.EnableCommandSorting = false // suggestions come in the order in which commands are made
	root := cmd.NewDefaultKubectlCommand()
	fmt.Println("all commands")
	flags(root.PersistentFlags())
	for _, child := range root.Commands() {
		walk(child, "")
	}
}
