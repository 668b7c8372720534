#!/usr/bin/env bash
# Renews the Kustomize base from the chart with its default values.
#
#   deploy/kustomize/render.sh [FOLDER]
#
# FOLDER is by default the base itself. HELM names a Helm 4; by default deploy/helm/build.sh builds it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

folder=${1:-base}
helm=${HELM:-$(../helm/build.sh)}
{
    echo "# Made by deploy/kustomize/render.sh from deploy/chart/karma: change that, and run it again."
    "$helm" template karma ../chart/karma --namespace karma-system |
        sed -e '/^# Source: /d' -e '/helm\.sh\/chart: /d' -e '/app\.kubernetes\.io\/managed-by: Helm$/d' -e '/^$/d'
} >"$folder/controller.yaml"
cp ../chart/karma/crds/karmaautoscalers.yaml "$folder/karmaautoscalers.yaml"
