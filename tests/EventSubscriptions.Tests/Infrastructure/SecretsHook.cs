using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>
/// The hook that creates the secrets before azd provisions, run against stand-ins for <c>az</c> and <c>azd</c> that keep their state in a
/// folder and log every call.
/// </summary>
internal sealed class SecretsHook : IDisposable
{
    private const string Az = """
        #!/bin/sh
        echo "az $*" >>"$STATE/calls"
        if [ "$1 $2" = "$(cat "$STATE/failing" 2>/dev/null)" ]; then echo 'TooManyRequests' >&2; exit 1; fi
        case "$1 $2" in
        'account show') [ ! -e "$STATE/logged-out" ] ;;
        'group exists') if [ -e "$STATE/group" ]; then echo true; else echo false; fi ;;
        'group create') touch "$STATE/group" ;;
        'keyvault list') if [ -e "$STATE/vault" ]; then echo "$VAULT"; fi ;;
        'keyvault list-deleted') if [ -e "$STATE/deleted-vault" ]; then echo "$VAULT"; fi ;;
        'keyvault create' | 'keyvault recover') touch "$STATE/vault" ;;
        'rest --method')
            secret=$(echo "$5" | sed 's|.*/secrets/\(.*\)?.*|\1|')
            if [ "$3" = get ]; then
                if [ -e "$STATE/forbidden" ]; then echo 'Forbidden({"error":{"code":"AuthorizationFailed"}})' >&2; exit 1; fi
                if [ -e "$STATE/$secret" ]; then echo "$secret"; else echo 'Not Found({"error":{"code":"SecretNotFound"}})' >&2; exit 1; fi
            else
                if [ -e "$STATE/deleted-$secret" ]; then echo 'Conflict({"error":{"code":"Conflict"}})' >&2; exit 1; fi
                cp "${9#@}" "$STATE/$secret"
            fi ;;
        *) exit 2 ;;
        esac
        """;

    private const string Azd = """
        #!/bin/sh
        echo "azd $*" >>"$STATE/calls"
        [ ! -e "$STATE/no-azd" ]
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hook").FullName;

    public SecretsHook()
    {
        Directory.CreateDirectory(PathOf("bin"));
        Directory.CreateDirectory(PathOf("state"));
        Directory.CreateDirectory(PathOf("tmp"));
        AddProgram("az", Az);
        AddProgram("azd", Azd);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    public async Task<(int Code, string Output)> Run(params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("sh", [Repository.PathOf("infra", "hooks", "secrets.sh")])
        {
            WorkingDirectory = _folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (string Name, string Value)[] defaults =
        [
            ("PATH", $"{PathOf("bin")}:{Environment.GetEnvironmentVariable("PATH")}"),
            ("STATE", PathOf("state")),
            ("TMPDIR", PathOf("tmp")),
            ("VAULT", "found"),
            ("AZURE_ENV_NAME", "test"),
            ("AZURE_SUBSCRIPTION_ID", "5e0a7d8e"),
            ("AZURE_LOCATION", "westeurope"),
            ("AZURE_KEY_VAULT_NAME", ""),
            ("AZURE_RESOURCE_GROUP", ""),
        ];
        foreach (var (name, value) in defaults.Concat(variables))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    public string Calls() => File.ReadAllText(PathOf("state", "calls"));

    public List<string> Changes() =>
        [
            .. Regex
                .Matches(Calls(), @"(?m)^az (?:(group create|keyvault create|keyvault recover)|rest --method (put) .*/secrets/([\w-]+)\?)")
                .Select(match => match.Groups[1].Success ? match.Groups[1].Value : $"{match.Groups[2].Value} {match.Groups[3].Value}"),
        ];

    public string VaultName() => Regex.Match(Calls(), @"(?m)^azd env set AZURE_KEY_VAULT_NAME (\S+)$").Groups[1].Value;

    public string Secret(string name)
    {
        using var body = JsonDocument.Parse(File.ReadAllText(PathOf("state", name)));
        return body.RootElement.GetProperty("properties").GetProperty("value").GetString()!;
    }

    public void AddState(params string[] files)
    {
        foreach (var file in files)
        {
            File.WriteAllText(PathOf("state", file), "");
        }
    }

    public void AddProgram(string name, string text)
    {
        var path = PathOf("bin", name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public string PathOf(params string[] parts) => Path.Combine([_folder, .. parts]);
}
