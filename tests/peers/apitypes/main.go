// The types of the API of this release, as lines of text: one for each struct, and its fields.
//
// A field is its name in JSON, its type, and what is said of it: `?` where it is left out while empty
// (omitempty, or omitzero of a struct), `*` where it is a pointer, `merge=key` for lists that
// strategic merge patches merge, `retainKeys` and `replace` for their other strategies, `in=Name`
// where it is a field of an embedded struct, `n=` with its number in Protocol Buffers, behind that of
// the embedded struct.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Types that are read by a function of their own, or whose insides nobody looks at.
var leaves = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":                                         "quantity",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":                                             "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":                                        "microtime",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Duration":                                         "duration",
	"k8s.io/apimachinery/pkg/apis/meta/v1.FieldsV1":                                         "any",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString":                                       "intorstring",
	"k8s.io/apimachinery/pkg/runtime.RawExtension":                                          "raw",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrArray":       "or[apiextensions/v1.JSONSchemaProps]",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrBool":        "or[apiextensions/v1.JSONSchemaProps]",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaPropsOrStringArray": "or[apiextensions/v1.JSONSchemaProps]",
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSON":                         "any",
}

var found = map[string][]string{}

func short(t reflect.Type) string {
	path := t.PkgPath()
	path = strings.TrimPrefix(path, "k8s.io/api/")
	path = strings.TrimPrefix(path, "k8s.io/apimachinery/pkg/apis/")
	path = strings.TrimPrefix(path, "k8s.io/apimachinery/pkg/")
	path = strings.TrimPrefix(path, "k8s.io/apiextensions-apiserver/pkg/apis/")
	return path + "." + t.Name()
}

// A type in a line; named basic types keep their name, because messages tell it.
func written(t reflect.Type) string {
	if leaf, ok := leaves[t.PkgPath()+"."+t.Name()]; ok {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + written(t.Elem())
	case reflect.Struct:
		walk(t)
		return short(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return named(t, "[]"+written(t.Elem()))
	case reflect.Map:
		return named(t, "map["+written(t.Key())+"]"+written(t.Elem()))
	case reflect.Interface:
		return "any"
	}
	return named(t, t.Kind().String())
}

func named(t reflect.Type, shape string) string {
	if t.PkgPath() == "" {
		return shape
	}
	return shape + "=" + t.String()
}

func walk(t reflect.Type) {
	name := short(t)
	if _, ok := found[name]; ok {
		return
	}
	found[name] = nil
	var lines []string
	fields(t, "", "", &lines)
	found[name] = lines
}

// The number of a field in Protocol Buffers, or nothing.
func number(field reflect.StructField) string {
	parts := strings.Split(field.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func fields(t reflect.Type, embedded string, outer string, lines *[]string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || (!field.IsExported() && !field.Anonymous) {
			continue
		}
		if name == "" && field.Anonymous {
			inner := field.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			before := outer
			if n := number(field); n != "" {
				before += n + "."
			}
			fields(inner, inner.Name(), before, lines)
			continue
		}
		line := name + " " + written(field.Type)
		zero := strings.Contains(options, "omitzero")
		if strings.Contains(options, "omitempty") && (field.Type.Kind() != reflect.Struct || zero) || zero {
			line += " ?"
		}
		if key := field.Tag.Get("patchMergeKey"); key != "" {
			line += " merge=" + key
		} else if strings.Contains(field.Tag.Get("patchStrategy"), "merge") {
			line += " merge"
		}
		for _, strategy := range strings.Split(field.Tag.Get("patchStrategy"), ",") {
			if strategy == "retainKeys" || strategy == "replace" {
				line += " " + strategy
			}
		}
		if embedded != "" && embedded != "TypeMeta" {
			line += " in=" + embedded
		}
		if n := number(field); n != "" && embedded != "TypeMeta" {
			line += " n=" + outer + n
		}
		*lines = append(*lines, line)
	}
}

func main() {
	types := scheme.Scheme
	if err := apiextensions.AddToScheme(types); err != nil {
		panic(err)
	}
	var roots []string
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		version, kind, _ := strings.Cut(input.Text(), " ")
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			panic(err)
		}
		object, err := types.New(gv.WithKind(kind))
		if err != nil {
			panic(err)
		}
		t := reflect.TypeOf(object).Elem()
		walk(t)
		roots = append(roots, fmt.Sprintf("%s %s = %s", version, kind, short(t)))
	}
	sort.Strings(roots)
	for _, root := range roots {
		fmt.Println(root)
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("\n%s\n", name)
		for _, line := range found[name] {
			fmt.Println("  " + line)
		}
	}
}
