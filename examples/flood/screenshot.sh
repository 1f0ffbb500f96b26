#!/bin/sh
# A picture of a page as a browser shows it, drawn without a graphics card. Usage: screenshot.sh PAGE PNG
set -eu
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || {
  echo "SKIPPED: no browser is installed" >&2
  exit 0
}
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
# A machine that is busy may take longer to draw than the browser's watchdog likes, and its parts may fail to find each
# other while they start: then it is started anew.
for attempt in 1 2 3 4; do
  HOME=$profile timeout 60 "$browser" --headless --no-sandbox --hide-scrollbars --disable-background-networking \
    --disable-gpu-watchdog --disable-features=OnDeviceModelService,OptimizationGuideModelExecution,Vulkan \
    --use-angle=swiftshader --enable-unsafe-swiftshader --user-data-dir="$profile/data.$attempt" \
    --window-size=800,600 --run-all-compositor-stages-before-draw --virtual-time-budget=5000 \
    --screenshot="$(realpath "$2")" "file://$(realpath "$1")" 2> "$profile/said" && exit 0
done
tail -5 "$profile/said" >&2
exit 1
