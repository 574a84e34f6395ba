#!/bin/sh
# The browser journeys need a Chromium of the system. Debian's package is installed when there is none and we may.
set -eu

for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's chromium-headless-shell for the browser journeys."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq </dev/null
    apt-get install -y -qq --no-install-recommends chromium-headless-shell </dev/null >/dev/null ||
        apt-get install -y -qq --no-install-recommends chromium </dev/null >/dev/null
    exit 0
fi

echo "The browser journeys need Chromium: apt-get install chromium-headless-shell (as root), then try again." >&2
exit 1
