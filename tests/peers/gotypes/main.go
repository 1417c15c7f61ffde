// The structs that the API server has in memory ("internal" types), as lines of text.
//
// Messages show values of these types: with the names of Go, in Go's order, nothing left out. A field
// is its name in Go, its name in the documents of the served version, and its type. A part of the
// type that is itself of a served version (labels, selectors) is `document`. The status of an object
// is left out, but that of a claim, which StatefulSets hold.
package main

import (
	"bufio"
	"fmt"
	"os"
	"reflect"
	"sort"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	_ "k8s.io/kubernetes/pkg/controlplane"
)

const internal = "k8s.io/kubernetes/pkg/apis/"

var leaves = map[string]string{
	"k8s.io/apimachinery/pkg/api/resource.Quantity":   "quantity",
	"k8s.io/apimachinery/pkg/apis/meta/v1.Time":       "time",
	"k8s.io/apimachinery/pkg/apis/meta/v1.MicroTime":  "time",
	"k8s.io/apimachinery/pkg/util/intstr.IntOrString": "intorstring",
}

var found = map[string][]string{}

func bare(t reflect.Type) reflect.Type {
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	return t
}

func written(t, served reflect.Type) string {
	if leaf, ok := leaves[t.PkgPath()+"."+t.Name()]; ok {
		return leaf
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + written(t.Elem(), served)
	case reflect.Struct:
		if !strings.HasPrefix(t.PkgPath(), internal) {
			return "document"
		}
		walk(t, bare(served))
		return name(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "*string"
		}
		return "[]" + written(t.Elem(), served)
	case reflect.Map:
		return "map[string]" + written(t.Elem(), served)
	case reflect.Interface:
		return "*document"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Float64:
		return "float64"
	}
	return "int64"
}

func name(t reflect.Type) string {
	return strings.TrimPrefix(t.PkgPath(), internal) + "." + t.Name()
}

func walk(t, served reflect.Type) {
	if _, ok := found[name(t)]; ok {
		return
	}
	found[name(t)] = nil
	var lines []string
	fields(t, served, &lines)
	found[name(t)] = lines
}

func fields(t, served reflect.Type, lines *[]string) {
	for i := 0; i < t.NumField(); i++ {
		field := t.Field(i)
		ownStatus := field.Name == "Status" && t.Name() != "PersistentVolumeClaim"
		if field.Name == "TypeMeta" || ownStatus || !field.IsExported() || field.Tag.Get("json") == "-" {
			continue
		}
		if field.Name == "ObjectMeta" || field.Name == "ListMeta" {
			*lines = append(*lines, "- metadata document")
			continue
		}
		if field.Anonymous {
			inner := field.Type
			under, ok := served.FieldByName(field.Name)
			if ok {
				served := under.Type
				fields(inner, bare(served), lines)
			}
			continue
		}
		json := "-" // of an older version alone
		of := field.Type
		if under, ok := served.FieldByName(field.Name); ok {
			json, _, _ = strings.Cut(under.Tag.Get("json"), ",")
			of = under.Type
		}
		if json == "-" && field.Type.Kind() == reflect.Pointer {
			*lines = append(*lines, field.Name+" - *document")
			continue
		}
		*lines = append(*lines, field.Name+" "+json+" "+written(field.Type, of))
	}
}

func object(gv schema.GroupVersion, kind string) runtime.Object {
	object, err := legacyscheme.Scheme.New(gv.WithKind(kind))
	if err != nil {
		panic(err)
	}
	return object
}

func main() {
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		version, kind, _ := strings.Cut(input.Text(), " ")
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			panic(err)
		}
		hub := schema.GroupVersion{Group: gv.Group, Version: runtime.APIVersionInternal}
		walk(reflect.TypeOf(object(hub, kind)).Elem(), reflect.TypeOf(object(gv, kind)).Elem())
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		if i > 0 {
			fmt.Println()
		}
		fmt.Println(name)
		for _, line := range found[name] {
			fmt.Println("  " + line)
		}
	}
}
