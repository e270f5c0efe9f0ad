# Needs Go and make; `make` lists what there is to do.

GO       ?= go
LINT     := $(GO) tool -modfile=.tools/golangci-lint/go.mod golangci-lint
TFCHECK  := ../shared/tfcheck/tfcheck
GCFCHECK := ../shared/gcfcheck
TF_FILES := $(wildcard terraform/*.tf terraform/*/*.tf terraform/*/*/*.tf)

# In CI each Fuzz function has two seconds, all of them less than two minutes. Who changes what they test gives them more.
FUZZTIME ?= $(if $(CI),2s,5s)

# On a laptop a step that lacks something is skipped and says why. In CI (CI is set) it fails.
skip = if [ -n "$$CI" ]; then echo "FAILED: $(1)" >&2; exit 1; else echo "skipped: $(1)"; fi

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run serve test soak fuzz bench fmt lint format tidy terraform zips check

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Import everything once, with progress bars; ARGS="customers" narrows it
	@$(GO) run ./functions/local run $(ARGS)

serve: ## Serve every function on http://127.0.0.1:8080
	@$(GO) run ./functions/local serve $(ARGS)

# go env says 0 when there is no C compiler, which the race detector needs.
test: ## Run the tests, with the race detector
	@if [ "$$($(GO) env CGO_ENABLED)" = 1 ]; then race=-race; \
	else $(call skip,the race detector: no C compiler); fi && \
	set -x && $(GO) test $$race -shuffle=on -count=1 -timeout 20m ./...

SEEDS        ?= 10
SOAK_MINUTES ?= 10

SOAKS := $(if $(SEED),TestSoak|TestOutageOfADay|TestFaultsEverywhere,TestSoak|TestOutageOfADay|TestOverload|TestFaultsEverywhere|$\
	TestKilledAtEachCallOnFirestore|TestImported|TestFiftyThousand)

# Without the race detector, with which the tests do the same for fewer messages, or not at all where it takes minutes. The
# first seed lasts ten times as long. A failure names the SEED and the SOAK_MINUTES that repeat it. What no seed changes doesn't
# run with one.
soak: ## Let everything fail, for SEEDS=10 times SOAK_MINUTES=10 of a thousand messages each; SEED=17 repeats one
	SOAK=1 SEED=$(SEED) SEEDS=$(SEEDS) SOAK_MINUTES=$(SOAK_MINUTES) $(GO) test -count=1 -timeout 24h -v \
		-run '^($(SOAKS))$$' ./functions/local ./functions/bulkworker

fuzz: ## Give each Fuzz function FUZZTIME=5s with inputs that nobody has thought of; PACKAGES=./shared/mapping narrows it
	GO="$(GO)" FUZZTIME=$(FUZZTIME) .ci/fuzz

bench: ## Run the benchmarks
	$(GO) test -run='^$$' -bench=. -benchmem ./...

fmt: ## Format the code
	$(LINT) fmt
	@if command -v terraform >/dev/null && [ -n "$(TF_FILES)" ]; then terraform fmt -recursive terraform; fi

lint: ## Look for mistakes; the first time builds the linter
	$(LINT) run

format: ## Show what fmt would change
	$(LINT) fmt --diff

tidy: ## Show what go mod tidy would change
	$(GO) mod tidy -diff

terraform: ## Validate and test the Terraform configuration
	@if [ -z "$(TF_FILES)" ]; then echo "skipped: terraform: there are no .tf files"; \
	elif ! command -v terraform >/dev/null; then $(call skip,terraform: it is not installed); \
	else .ci/terraform; fi

# tfcheck and gcfcheck are not part of the repository; without them there is nothing to hand out the zips.
zips: ## Build and start every function from the zip that Terraform uploads
	@if [ ! -x $(TFCHECK) ] || [ ! -d $(GCFCHECK) ]; then echo "skipped: zips: $(TFCHECK) or $(GCFCHECK) is not there"; \
	elif ! command -v terraform >/dev/null; then $(call skip,zips: terraform is not installed); \
	else GO="$(GO)" .ci/zips; fi

# The tests come last, so that their verdict does too.
check: format lint tidy terraform zips fuzz soak test ## Everything that CI checks
