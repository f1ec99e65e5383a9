#!/bin/sh
# Run by azd before it provisions: creates the vault and, once, the two secrets without which the app doesn't start.
# It never replaces an existing secret, because no new encryption key can decrypt what the old one encrypted. Secrets go straight
# into the vault, through Azure Resource Manager: they are not in an argument, in the output or in azd's environment.
set -eu
umask 077

fail() {
    echo "secrets.sh: $*" >&2
    exit 1
}

for name in AZURE_ENV_NAME AZURE_SUBSCRIPTION_ID AZURE_LOCATION; do
    eval "[ -n \"\${$name:-}\" ]" || fail "$name is not set. Run 'azd up', which asks for it, or 'azd env set $name VALUE'."
done
command -v az >/dev/null || fail "the Azure CLI is not installed. Install it: https://aka.ms/azure-cli"
az account show --subscription "$AZURE_SUBSCRIPTION_ID" --output none || fail "the Azure CLI has no access to the subscription. Run 'az login'."

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi
}

# A vault's name is globally unique. It is derived, so that every machine uses the same one.
group=${AZURE_RESOURCE_GROUP:-rg-$AZURE_ENV_NAME}
vault=${AZURE_KEY_VAULT_NAME:-kv-$(printf '%s' "$AZURE_SUBSCRIPTION_ID/$AZURE_ENV_NAME/$AZURE_LOCATION" | tr '[:upper:]' '[:lower:]' | sha256 | cut -c1-18)}
[ "$vault" != kv- ] || fail "install sha256sum or shasum."
secrets="/subscriptions/$AZURE_SUBSCRIPTION_ID/resourceGroups/$group/providers/Microsoft.KeyVault/vaults/$vault/secrets"
api='api-version=2023-07-01'

# Outputs are assigned before they are tested: the shell ignores a command that fails inside a test.
ensure_vault() {
    output=$(az group exists --name "$group" --subscription "$AZURE_SUBSCRIPTION_ID")
    if [ "$output" != true ]; then
        az group create --name "$group" --location "$AZURE_LOCATION" --subscription "$AZURE_SUBSCRIPTION_ID" \
            --tags "azd-env-name=$AZURE_ENV_NAME" --output none
    fi
    # Lists instead of 'show': they are empty if there is no vault, and fail only if something is wrong.
    output=$(az keyvault list --resource-group "$group" --subscription "$AZURE_SUBSCRIPTION_ID" --query "[?name=='$vault'].name" --output tsv)
    if [ -n "$output" ]; then
        return
    fi
    output=$(az keyvault list-deleted --resource-type vault --subscription "$AZURE_SUBSCRIPTION_ID" --query "[?name=='$vault'].name" --output tsv)
    if [ -n "$output" ]; then
        echo "Recovering the deleted vault $vault"
        az keyvault recover --name "$vault" --location "$AZURE_LOCATION" --subscription "$AZURE_SUBSCRIPTION_ID" --output none
    else
        echo "Creating the vault $vault"
        az keyvault create --name "$vault" --resource-group "$group" --location "$AZURE_LOCATION" --subscription "$AZURE_SUBSCRIPTION_ID" \
            --enable-rbac-authorization true --enable-purge-protection true --retention-days 90 --output none
    fi
}

exists() {
    if answer=$(az rest --method get --url "$secrets/$1?$api" --query name --output tsv 2>&1); then
        return 0
    fi
    case $answer in
        *NotFound* | *'Not Found'*) return 1 ;;
        *) fail "could not check whether the secret $1 exists: $answer" ;;
    esac
}

# Usage: ensure_secret NAME COMMAND. The output of the command is the value.
ensure_secret() {
    name=$1
    shift
    if exists "$name"; then
        echo "The secret $name exists"
        return
    fi
    value=$("$@") || fail "could not create the secret $name: no random bytes."
    body=$(mktemp)
    trap 'rm -f "$body"' EXIT
    printf '{"properties":{"value":"%s"}}' "$value" >"$body"
    az rest --method put --url "$secrets/$name?$api" --headers Content-Type=application/json --body "@$body" --output none \
        || fail "could not create the secret $name. If it was deleted, recover it: az keyvault secret recover --vault-name $vault --name $name"
    rm -f "$body"
    echo "Created the secret $name"
}

# 32 bytes in base64. Checks the output, because a pipe returns the status of its last command only (not every sh has pipefail).
random() {
    bytes=$(head -c 32 /dev/urandom | base64 | tr -d '\n')
    [ ${#bytes} -eq 44 ] && printf '%s' "$bytes"
}

admin_key() {
    key=$(random) && printf '%s' "$key" | tr '+/' '-_' | tr -d '='
}

encryption_keys() {
    key=$(random) && printf 'k1:%s' "$key"
}

ensure_vault
ensure_secret access-admin-key admin_key
ensure_secret secrets-keys encryption_keys
azd env set AZURE_KEY_VAULT_NAME "$vault"
