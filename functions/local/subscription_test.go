package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ctklaviyo/connector/shared/settings"
)

// everyList is a config whose lists of messages differ, so that a mix-up shows.
const everyList = `{
	"customer": {"messages": {"addressChanged": ["CustomerAddressAdded", "CustomerEmailChanged"]}},
	"order":    {"messages": {"created": ["OrderCreated", "OrderImported"], "changed": ["OrderStateTransition"]}},
	"payment":  {"messages": {"transactionAdded": ["PaymentCreated"], "transactionChanged": ["PaymentTransactionStateChanged"]}},
	"category": {"messages": {"created": ["CategorySlugChanged"]}},
	"product":  {"messages": {"published": ["ProductCreated"], "deleted": ["ProductDeleted"]}}}`

// The command and Terraform must describe one thing.
func TestTriggersAreTerraforms(t *testing.T) {
	t.Parallel()

	cfg, err := settings.File{JSON: everyList}.Config()
	if err != nil {
		t.Fatal(err)
	}

	got := map[string]trigger{}

	for _, tr := range triggers(cfg) {
		tr.messages = ordered(tr.messages)
		got[tr.function] = tr
	}

	if diff := cmp.Diff(terraformTriggers(t, everyList), got, cmp.AllowUnexported(trigger{})); diff != "" {
		t.Errorf("triggers (-terraform +go):\n%s", diff)
	}
}

// terraformTriggers reads the modules in terraform/*events.tf.
func terraformTriggers(t *testing.T, config string) map[string]trigger {
	t.Helper()

	files, err := filepath.Glob("../../terraform/*events.tf")
	if err != nil || len(files) != 6 {
		t.Fatalf("%d files, %v, want the six functions'", len(files), err)
	}

	lists, found := terraformLists(t, config), map[string]trigger{}

	for _, file := range files {
		_, module, ok := strings.Cut(readFile(t, file), `_trigger" {`)
		if !ok {
			t.Fatalf("%s has no trigger", file)
		}

		name := strings.TrimSuffix(filepath.Base(file), ".tf")
		tr := trigger{
			function: name,
			resource: regexp.MustCompile(`(?m)^  resource +=\s"(.*)"$`).FindStringSubmatch(module)[1],
			changes:  regexp.MustCompile(`(?m)^  changes += true$`).MatchString(module),
		}

		if m := regexp.MustCompile(`(?m)^  messages +=\s(.*)$`).FindStringSubmatch(module); m != nil {
			for _, part := range regexp.MustCompile(`"(\w+)"|local\.messages\.(\w+)`).FindAllStringSubmatch(m[1], -1) {
				if part[1] != "" {
					tr.messages = append(tr.messages, part[1])
				} else {
					tr.messages = append(tr.messages, lists[part[2]]...)
				}
			}
		}

		tr.messages = ordered(tr.messages)
		found[name] = tr
	}

	return found
}

// terraformLists are local.messages in terraform/realtime.tf for this config.
func terraformLists(t *testing.T, config string) map[string][]string {
	t.Helper()

	lists := map[string][]string{}

	for _, m := range regexp.MustCompile(`(?m)^    (\w+) += .*\[for c in local\.config_layers : c\.([\w.]+) `).FindAllStringSubmatch(
		readFile(t, "../../terraform/realtime.tf"), -1) {
		lists[m[1]] = at(t, config, strings.Split(m[2], "."))
	}

	if len(lists) != 8 {
		t.Fatalf("terraform/realtime.tf has %d lists of messages, want 8: %v", len(lists), lists)
	}

	return lists
}

func TestDefaultsAreTerraforms(t *testing.T) {
	t.Parallel()

	variables := readFile(t, "../../terraform/variables.tf")

	for _, want := range []string{
		`can(regex("` + prefixForm.String() + `", var.prefix))`,
		`can(regex("` + googleProjectForm.String() + `", var.project))`,
	} {
		if !strings.Contains(variables, want) {
			t.Errorf("terraform/variables.tf lacks %s", want)
		}
	}

	prefix := regexp.MustCompile(`variable "prefix" {[^{}]+ default += "(.+)"`).FindStringSubmatch(variables)
	for _, environment := range []reflect.Type{reflect.TypeFor[applyEnvironment](), reflect.TypeFor[subscriptionEnvironment]()} {
		field, _ := environment.FieldByName("Prefix")
		if _, got, _ := strings.Cut(field.Tag.Get("env"), "default="); prefix == nil || got != prefix[1] {
			t.Errorf("%s has the default %q, Terraform %q", environment, got, prefix)
		}
	}
}

func TestSubscriptionOfTrigger(t *testing.T) {
	t.Parallel()

	to := func(topic string) destination { return destination{Type: pubSub, Project: "my-shop", Topic: topic} }

	for name, tt := range map[string]struct {
		trigger trigger
		want    subscription
	}{
		"both": {
			trigger{function: "f", resource: "order", messages: []string{"B", "A", "B"}, changes: true},
			subscription{
				Key: "ctk-f", Destination: to("ctk-f"), Format: "Platform",
				Messages: map[string][]string{"order": {"A", "B"}}, Changes: []string{"order"},
			},
		},
		"no messages, which isn't all of them": {
			trigger{function: "f", resource: "order", changes: true},
			subscription{Key: "ctk-f", Destination: to("ctk-f"), Format: "Platform", Changes: []string{"order"}},
		},
	} {
		if diff := cmp.Diff(tt.want, tt.trigger.subscription("ctk", "my-shop")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	return string(text)
}

// at reads the list at a path of JSON.
func at(t *testing.T, text string, path []string) []string {
	t.Helper()

	raw := json.RawMessage(text)
	for _, key := range path {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			t.Fatalf("%v: %v", path, err)
		}

		raw = object[key]
	}

	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatalf("%v: %v", path, err)
	}

	return list
}
