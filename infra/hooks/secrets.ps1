# Run by azd on Windows before it provisions. Does the same as secrets.sh; see there.
#Requires -Version 7.0
$ErrorActionPreference = 'Stop'

function Invoke-Az {
    $output = & az @args
    if ($LASTEXITCODE -ne 0) { throw "az $($args[0]) $($args[1]) failed." }
    return $output
}

foreach ($name in 'AZURE_ENV_NAME', 'AZURE_SUBSCRIPTION_ID', 'AZURE_LOCATION') {
    if (-not [Environment]::GetEnvironmentVariable($name)) { throw "$name is not set. Run 'azd up', which asks for it, or 'azd env set $name VALUE'." }
}
if (-not (Get-Command az -ErrorAction SilentlyContinue)) { throw 'The Azure CLI is not installed. Install it: https://aka.ms/azure-cli' }
$subscription = $env:AZURE_SUBSCRIPTION_ID
& az account show --subscription $subscription --output none
if ($LASTEXITCODE -ne 0) { throw "The Azure CLI has no access to the subscription. Run 'az login'." }

$group = if ($env:AZURE_RESOURCE_GROUP) { $env:AZURE_RESOURCE_GROUP } else { "rg-$env:AZURE_ENV_NAME" }
$vault = $env:AZURE_KEY_VAULT_NAME
if (-not $vault) {
    $text = "$subscription/$env:AZURE_ENV_NAME/$env:AZURE_LOCATION".ToLowerInvariant()
    $hash = [Convert]::ToHexString([Security.Cryptography.SHA256]::HashData([Text.Encoding]::UTF8.GetBytes($text))).ToLowerInvariant()
    $vault = "kv-$($hash.Substring(0, 18))"
}
$secrets = "/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.KeyVault/vaults/$vault/secrets"
$api = 'api-version=2023-07-01'

function Initialize-Vault {
    if ((Invoke-Az group exists --name $group --subscription $subscription) -ne 'true') {
        Invoke-Az group create --name $group --location $env:AZURE_LOCATION --subscription $subscription --tags "azd-env-name=$env:AZURE_ENV_NAME" --output none
    }
    if (Invoke-Az keyvault list --resource-group $group --subscription $subscription --query "[?name=='$vault'].name" --output tsv) { return }
    if (Invoke-Az keyvault list-deleted --resource-type vault --subscription $subscription --query "[?name=='$vault'].name" --output tsv) {
        Write-Host "Recovering the deleted vault $vault"
        Invoke-Az keyvault recover --name $vault --location $env:AZURE_LOCATION --subscription $subscription --output none
    }
    else {
        Write-Host "Creating the vault $vault"
        Invoke-Az keyvault create --name $vault --resource-group $group --location $env:AZURE_LOCATION --subscription $subscription `
            --enable-rbac-authorization true --enable-purge-protection true --retention-days 90 --output none
    }
}

function Test-Secret([string] $name) {
    $answer = & az rest --method get --url "$secrets/${name}?$api" --query name --output tsv 2>&1 | Out-String
    if ($LASTEXITCODE -eq 0) { return $true }
    if ($answer -match 'NotFound|Not Found') { return $false }
    throw "Could not check whether the secret $name exists: $answer"
}

function Initialize-Secret([string] $name, [scriptblock] $create) {
    if (Test-Secret $name) {
        Write-Host "The secret $name exists"
        return
    }
    $body = New-TemporaryFile
    try {
        [IO.File]::WriteAllText($body, (@{ properties = @{ value = (& $create) } } | ConvertTo-Json -Compress))
        & az rest --method put --url "$secrets/${name}?$api" --headers Content-Type=application/json --body "@$body" --output none
        if ($LASTEXITCODE -ne 0) {
            throw "Could not create the secret $name. If it was deleted, recover it: az keyvault secret recover --vault-name $vault --name $name"
        }
    }
    finally {
        Remove-Item $body
    }
    Write-Host "Created the secret $name"
}

function New-Random { [Convert]::ToBase64String([Security.Cryptography.RandomNumberGenerator]::GetBytes(32)) }

Initialize-Vault
Initialize-Secret 'access-admin-key' { (New-Random).Replace('+', '-').Replace('/', '_').TrimEnd('=') }
Initialize-Secret 'secrets-keys' { "k1:$(New-Random)" }
& azd env set AZURE_KEY_VAULT_NAME $vault
if ($LASTEXITCODE -ne 0) { throw 'azd env set failed.' }
