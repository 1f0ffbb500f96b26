# A target a tile: made where the tile's index is newer, whole or not at all.
W ?= w
OUT ?= out
TASK ?= ulp-materialize --log json
INDEXES := $(shell find $(W)/spaces/valley/tiles -name index.json | sort)
TILES := $(sort $(foreach i,$(INDEXES),$(shell echo $(i) | sed 's|.*/tiles/\([^/]*\)/\([^/]*\)/\([^/]*\)/.*|\1-\2-\3|')))

all: $(TILES:%=$(OUT)/%.jsonl)

define RULE
$(OUT)/$(1).jsonl: $(filter $(W)/spaces/valley/tiles/$(2)/%,$(INDEXES))
	@mkdir -p $(OUT)
	@$(TASK) --store $(W) --space valley --tile $(2) -o $$@ 2> $(OUT)/$(1).log
endef
$(foreach t,$(TILES),$(eval $(call RULE,$(t),$(subst -y,/y,$(subst -x,/x,$(t))))))
