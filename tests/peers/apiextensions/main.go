// The real schemas, columns and rules of CustomResourceDefinitions, asked from standard input.
//
// Input: a JSON list of cases: a schema and perhaps an object, or columns and an object, or a
// CustomResourceDefinition and perhaps what it was before an update. Output: a JSON list of what
// the packages of k8s.io/apiextensions-apiserver say, errors in alphabetical order.
package main

import (
	"context"
	"encoding/json"
	"os"
	"sort"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	v1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	rules "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

type question struct {
	Schema  json.RawMessage `json:"schema"`
	Object  json.RawMessage `json:"object"`
	Before  json.RawMessage `json:"before"`
	CRD     json.RawMessage `json:"crd"`
	Columns json.RawMessage `json:"columns"`
}

type answer struct {
	Errors []string       `json:"errors"`
	Object map[string]any `json:"object,omitempty"`
	Pruned []string       `json:"pruned,omitempty"`
	Cells  []any          `json:"cells,omitempty"`
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func texts(errors field.ErrorList) []string {
	found := []string{}
	for _, each := range errors {
		found = append(found, each.Error())
	}
	sort.Strings(found)
	return found
}

func definition(raw []byte) *apiextensions.CustomResourceDefinition {
	in := &v1.CustomResourceDefinition{}
	must(json.Unmarshal(raw, in))
	v1.SetObjectDefaults_CustomResourceDefinition(in)
	out := &apiextensions.CustomResourceDefinition{}
	must(v1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(in, out, nil))
	return out
}

func ofDefinition(q question) answer {
	found := definition(q.CRD)
	if len(q.Before) == 0 {
		return answer{Errors: texts(rules.ValidateCustomResourceDefinition(context.TODO(), found))}
	}
	before := definition(q.Before)
	found.ResourceVersion, before.ResourceVersion = "1", "1"
	return answer{Errors: texts(rules.ValidateCustomResourceDefinitionUpdate(context.TODO(), found, before))}
}

func ofColumns(q question) answer {
	var columns []v1.CustomResourceColumnDefinition
	must(json.Unmarshal(q.Columns, &columns))
	convertor, err := tableconvertor.New(columns)
	if err != nil {
		return answer{Errors: []string{err.Error()}}
	}
	object := &unstructured.Unstructured{}
	must(object.UnmarshalJSON(q.Object))
	table, err := convertor.ConvertToTable(context.TODO(), object, &metav1.TableOptions{})
	must(err)
	return answer{Errors: []string{}, Cells: table.Rows[0].Cells}
}

func read(raw []byte, s *schema.Structural) (map[string]any, []string) {
	var object map[string]any
	must(utiljson.Unmarshal(raw, &object))
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	pruned := pruning.PruneWithOptions(object, s, true, options)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, s)
	defaulting.Default(object, s)
	return object, pruned
}

func ofSchema(q question) answer {
	props := &v1.JSONSchemaProps{}
	must(json.Unmarshal(q.Schema, props))
	internal := &apiextensions.JSONSchemaProps{}
	must(v1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(props, internal, nil))
	s, err := schema.NewStructural(internal)
	must(err)
	errors := schema.ValidateStructural(field.NewPath("openAPIV3Schema"), s)
	if len(errors) > 0 || len(q.Object) == 0 {
		return answer{Errors: texts(errors)}
	}
	object, pruned := read(q.Object, s)
	validator, _, err := validation.NewSchemaValidator(internal)
	must(err)
	if len(q.Before) > 0 {
		before, _ := read(q.Before, s)
		ratcheting := validation.WithRatcheting(nil)
		errors = validation.ValidateCustomResourceUpdate(nil, object, before, validator, ratcheting)
		if len(listtype.ValidateListSetsAndMaps(nil, s, before)) == 0 {
			errors = append(errors, listtype.ValidateListSetsAndMaps(nil, s, object)...)
		}
	} else {
		errors = validation.ValidateCustomResource(nil, object, validator)
		errors = append(errors, listtype.ValidateListSetsAndMaps(nil, s, object)...)
	}
	return answer{Errors: texts(errors), Object: object, Pruned: pruned}
}

func main() {
	var questions []question
	must(json.NewDecoder(os.Stdin).Decode(&questions))
	answers := []answer{}
	for _, q := range questions {
		switch {
		case len(q.CRD) > 0:
			answers = append(answers, ofDefinition(q))
		case len(q.Columns) > 0:
			answers = append(answers, ofColumns(q))
		default:
			answers = append(answers, ofSchema(q))
		}
	}
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	must(out.Encode(answers))
}
