package httpcache_test

import (
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// What the binding leaves out of the header, and why. All else of it is used, or a new call, option or status would go
// unnoticed; that what is used is used rightly the C compiler says, as cgo reads the header itself.
var leftOut = map[string]string{
	"hc_error_status":         "the call returned it",
	"hc_version_number":       "the text is compared",
	"hc_exchange_decision":    "it is in the view",
	"hc_request_copy":         "a Request is a value",
	"hc_request_is_cancelled": "a Transport is Go's own way to the origin",
	"hc_request_add":          "hc_request_add_fields adds all in one call",
	"hc_request_remove":       "a Request is a value",
	"hc_response_add":         "hc_response_add_fields adds all in one call",
	"hc_response_assign":      "an Answer is a value",
	"hc_response_from_cache":  "it is in the view",
	"hc_response_get":         "Fields are a value",
	"hc_response_status":      "it is in the view",
	"hc_response_alias_of":    "redirects of a Transport are followed above it",
	"hc_response_history":     "redirects of a Transport are followed above it",
	"hc_options_transport":    "a Transport is Go's own way to the origin",
}

func read(t *testing.T, names ...string) string {
	t.Helper()
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		check(t, err)
		all.Write(text)
	}
	return all.String()
}

func TestTheWholeHeaderIsBound(t *testing.T) {
	header := read(t, "../../include/httpcache.h")
	header = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(header, "")
	source := read(t, "shim.c", "cache.go", "errors.go", "settings.go", "options.go", "expiry.go", "exchange.go",
		"response.go", "body.go", "fetch.go", "callbacks.go", "pairs.go", "key.go", "rekey.go",
		"query.go", "walk.go", "maintain.go", "verify.go")
	for what, pattern := range map[string]string{
		"functions": `(?m)^[a-z].*?\b(hc_\w+)\(`,
		"statuses":  `(?m)^    (HC_E_\w+) =`,
		"options":   `(?m)^    (HC_OPT_\w+) =`,
		"named":     `(?m)^    (HC_(?:EXPIRE_IMMEDIATELY|UNSET|NEVER_EXPIRE|DO_NOT_CACHE)) =`,
		"lists":     `(?m)^    (HC_(?:LIST|STR)_\w+) =`,
		"levels":    `(?m)^    (HC_LOG_\w+) =`,
		"decisions": `(?m)^    (HC_(?:FORWARD|FRESH|STALE|STALE_REVALIDATE|REVALIDATE|UNSATISFIABLE)) =`,
		"outcomes":  `(?m)^    (HC_(?:NOT_STORED|STORED|FRESHENED|USED_STALE|STORING|REPEAT)) =`,
		"flags":     `(?m)^    (HC_(?:FROM_CACHE|REVALIDATED|EXPIRED|CONTINUED|IS_ALIAS|UNREADABLE)) =`,
		"matches":   `(?m)^    (HC_MATCH_\w+) =`,
		"orders":    `(?m)^    (HC_(?:ORDER_\w+|DESCENDING)) =`,
	} {
		t.Run(what, func(t *testing.T) {
			var missing []string
			names := regexp.MustCompile(pattern).FindAllStringSubmatch(header, -1)
			for _, name := range names {
				used := regexp.MustCompile(`\b` + name[1] + `\b`).MatchString(source)
				if reason := leftOut[name[1]]; used == (reason != "") {
					missing = append(missing, name[1])
				}
			}
			if len(names) < 3 {
				t.Errorf("only %d found in the header", len(names))
			}
			sort.Strings(missing)
			equal(t, "neither used nor left out, or both", strings.Join(missing, " "), "")
		})
	}
}

// Fields of the structs that are copied one by one.
func TestTheStructsOfTheHeaderAreBound(t *testing.T) {
	header := regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(read(t, "../../include/httpcache.h"), "")
	source := read(t, "shim.c", "cache.go", "exchange.go", "response.go", "request.go", "rekey.go", "query.go", "maintain.go",
		"verify.go")
	for _, name := range []string{"hc_view", "hc_stats", "hc_rekeyed", "hc_query", "hc_updated", "hc_verification",
		"hc_field"} {
		t.Run(name, func(t *testing.T) {
			text := regexp.MustCompile(`(?s)typedef struct \{([^}]*)\} ` + name + `;`).FindStringSubmatch(header)
			if text == nil {
				t.Fatal("not found in the header")
			}
			for _, member := range regexp.MustCompile(`(\w+);`).FindAllStringSubmatch(text[1], -1) {
				if !regexp.MustCompile(`\b` + member[1] + `\b`).MatchString(source) {
					t.Errorf("%s is not used", member[1])
				}
			}
		})
	}
}

func TestEachStatusHasItsText(t *testing.T) {
	header := read(t, "../../include/httpcache.h")
	constants := read(t, "errors.go")
	for _, name := range regexp.MustCompile(`(?m)^    (HC_E_\w+) =`).FindAllStringSubmatch(header, -1) {
		equal(t, name[1], strings.Count(constants, "C."+name[1]+" ") >= 1, true)
	}
}
