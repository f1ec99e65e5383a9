using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using EventSubscriptions.Access;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Infrastructure;

/// <summary>
/// The hook that makes the secrets before azd provisions, against stand-ins of <c>az</c> and <c>azd</c> that keep what they are told in a
/// folder and note every call.
/// </summary>
public sealed class SecretsHookTests : IDisposable
{
    private const string Az = """
        #!/bin/sh
        echo "az $*" >>"$STATE/calls"
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
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hook").FullName;

    public SecretsHookTests()
    {
        Directory.CreateDirectory(PathOf("bin"));
        Directory.CreateDirectory(PathOf("state"));
        Directory.CreateDirectory(PathOf("tmp"));
        Program("az", Az);
        Program("azd", Azd);
    }

    [Fact]
    public async Task Makes_group_vault_and_secrets_the_first_time()
    {
        var (code, _) = await Run();

        Assert.Equal(0, code);
        Assert.Equal(["group create", "keyvault create", "put access-admin-key", "put secrets-keys"], Changes());
        Assert.Contains("--enable-purge-protection true", Calls(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Makes_secrets_that_the_app_accepts()
    {
        await Run();
        var reader = new OptionsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection([new("Access:AdminKey", Secret("access-admin-key")), new("Secrets:Keys", Secret("secrets-keys"))])
                .Build()
        );
        AccessOptions.Read(reader);
        var keys = SecretOptions.Read(reader);

        Assert.Empty(reader.Errors);
        Assert.Equal("k1", Assert.Single(keys.Keys).Id);
    }

    [Fact]
    public async Task Changes_nothing_the_second_time()
    {
        await Run();
        var (admin, keys) = (Secret("access-admin-key"), Secret("secrets-keys"));
        File.Delete(PathOf("state", "calls"));

        var (code, _) = await Run();

        Assert.Equal(0, code);
        Assert.Empty(Changes());
        Assert.Equal((admin, keys), (Secret("access-admin-key"), Secret("secrets-keys")));
    }

    [Fact]
    public async Task Makes_the_one_secret_that_is_missing()
    {
        State("group", "vault", "secrets-keys");

        await Run();

        Assert.Equal(["put access-admin-key"], Changes());
    }

    [Fact]
    public async Task Recovers_a_vault_that_was_deleted()
    {
        State("deleted-vault", "access-admin-key", "secrets-keys");

        var (code, _) = await Run();

        Assert.Equal(0, code);
        Assert.Equal(["group create", "keyvault recover"], Changes());
    }

    [Fact]
    public async Task Stops_where_a_secret_was_deleted_and_says_how_to_recover_it()
    {
        State("group", "vault", "access-admin-key", "deleted-secrets-keys");

        var (code, output) = await Run();

        Assert.NotEqual(0, code);
        Assert.Contains("az keyvault secret recover --vault-name ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("azd env set", Calls(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Makes_no_secret_where_it_cannot_find_out_whether_one_exists()
    {
        State("group", "vault", "forbidden");

        var (code, _) = await Run();

        Assert.NotEqual(0, code);
        Assert.Empty(Changes());
    }

    [Theory]
    [InlineData("AZURE_ENV_NAME")]
    [InlineData("AZURE_SUBSCRIPTION_ID")]
    [InlineData("AZURE_LOCATION")]
    public async Task Says_what_is_not_set(string variable)
    {
        var (code, output) = await Run((variable, ""));

        Assert.NotEqual(0, code);
        Assert.Contains($"{variable} is not set", output, StringComparison.Ordinal);
        Assert.False(File.Exists(PathOf("state", "calls")));
    }

    [Theory]
    [InlineData("base64", "exit 127")]
    [InlineData("base64", "echo c2hvcnQ=")]
    [InlineData("head", "exit 1")]
    [InlineData("tr", "exit 1")]
    public async Task Makes_no_secret_of_anything_but_random_bytes(string program, string body)
    {
        State("group", "vault");
        Program(program, $"#!/bin/sh\n{body}\n");

        var (code, output) = await Run(("AZURE_KEY_VAULT_NAME", "my-vault"));

        Assert.NotEqual(0, code);
        Assert.Contains("no random bytes", output, StringComparison.Ordinal);
        Assert.Empty(Changes());
    }

    [Fact]
    public async Task Names_no_vault_without_a_hash()
    {
        Program("sha256sum", "#!/bin/sh\nexit 127\n");

        var (code, output) = await Run();

        Assert.NotEqual(0, code);
        Assert.Contains("sha256sum", output, StringComparison.Ordinal);
        Assert.Empty(Changes());
    }

    [Fact]
    public async Task Stops_where_the_CLI_is_logged_out()
    {
        State("logged-out");

        var (code, output) = await Run();

        Assert.NotEqual(0, code);
        Assert.Contains("az login", output, StringComparison.Ordinal);
        Assert.Empty(Changes());
    }

    [Fact]
    public async Task Leaves_secrets_in_no_argument_output_or_file()
    {
        var (_, output) = await Run();

        foreach (var secret in (string[])[Secret("access-admin-key"), Secret("secrets-keys")[3..]])
        {
            Assert.DoesNotContain(secret, Calls(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, output, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(PathOf("tmp")));
    }

    [Fact]
    public async Task Names_the_vault_the_same_on_every_machine_and_tells_azd()
    {
        await Run();
        var name = VaultName();
        File.Delete(PathOf("state", "calls"));
        await Run(("AZURE_ENV_NAME", "Test"));
        var same = VaultName();
        File.Delete(PathOf("state", "calls"));
        await Run(("AZURE_ENV_NAME", "other"));

        Assert.Matches("^kv-[0-9a-f]{18}$", name);
        Assert.Equal(name, same);
        Assert.NotEqual(name, VaultName());
    }

    [Fact]
    public async Task Uses_the_vault_and_the_group_that_the_environment_names()
    {
        await Run(("AZURE_KEY_VAULT_NAME", "my-vault"), ("AZURE_RESOURCE_GROUP", "my-group"));

        Assert.Equal("my-vault", VaultName());
        Assert.Contains("az group create --name my-group ", Calls(), StringComparison.Ordinal);
        Assert.Contains(
            "/resourceGroups/my-group/providers/Microsoft.KeyVault/vaults/my-vault/secrets/",
            Calls(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("secrets.sh")]
    [InlineData("secrets.ps1")]
    public async Task Vault_that_it_makes_goes_by_roles_and_cannot_lose_a_key(string script)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("infra", "hooks", script));

        Assert.Contains(
            "--enable-rbac-authorization true --enable-purge-protection true --retention-days 90",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Does_on_Windows_what_it_does_elsewhere()
    {
        var posix = await File.ReadAllTextAsync(Repository.PathOf("infra", "hooks", "secrets.sh"));
        var windows = await File.ReadAllTextAsync(Repository.PathOf("infra", "hooks", "secrets.ps1"));

        Assert.Equal(Commands(posix, "az"), Commands(windows, "Invoke-Az|& az"));
        Assert.Equal(Options(posix), Options(windows));
        Assert.All(
            (string[])["access-admin-key", "secrets-keys", "k1:", "api-version=2023-07-01", "NotFound"],
            text => Assert.Contains(text, windows, StringComparison.Ordinal)
        );

        // Without the one command that a message recommends.
        static IEnumerable<string> Commands(string script, string az) =>
            Regex
                .Matches(script, $@"(?m)(?:^|[\s(]|\$\()(?:{az}) (\w+ [\w-]+)")
                .Select(match => match.Groups[1].Value)
                .Where(command => command is not "keyvault secret")
                .Distinct()
                .Order(StringComparer.Ordinal);

        static IEnumerable<string> Options(string script) =>
            Regex.Matches(script, @"\s(--[a-z-]+)").Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task Azd_runs_it_before_it_provisions()
    {
        var azd = await File.ReadAllTextAsync(Repository.PathOf("azure.yaml"));
        var scripts = Regex.Matches(azd, "run: (.*)").Select(match => match.Groups[1].Value).ToList();

        Assert.Matches(@"(?m)^hooks:\n  preprovision:\n    posix:\n", azd);
        Assert.Equal(["infra/hooks/secrets.sh", "infra/hooks/secrets.ps1"], scripts);
        Assert.All(scripts, script => Assert.True(File.Exists(Repository.PathOf(script.Split('/')))));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<(int Code, string Output)> Run(params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("sh", [Repository.PathOf("infra", "hooks", "secrets.sh")])
        {
            WorkingDirectory = _folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        (string Name, string Value)[] standard =
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
        foreach (var (name, value) in standard.Concat(variables))
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }

    private string Calls() => File.ReadAllText(PathOf("state", "calls"));

    private List<string> Changes() =>
        [
            .. Regex
                .Matches(Calls(), @"(?m)^az (?:(group create|keyvault create|keyvault recover)|rest --method (put) .*/secrets/([\w-]+)\?)")
                .Select(match => match.Groups[1].Success ? match.Groups[1].Value : $"{match.Groups[2].Value} {match.Groups[3].Value}"),
        ];

    private string VaultName() => Regex.Match(Calls(), @"(?m)^azd env set AZURE_KEY_VAULT_NAME (\S+)$").Groups[1].Value;

    private string Secret(string name)
    {
        using var body = JsonDocument.Parse(File.ReadAllText(PathOf("state", name)));
        return body.RootElement.GetProperty("properties").GetProperty("value").GetString()!;
    }

    private void State(params string[] files)
    {
        foreach (var file in files)
        {
            File.WriteAllText(PathOf("state", file), "");
        }
    }

    private void Program(string name, string text)
    {
        var path = PathOf("bin", name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private string PathOf(params string[] parts) => Path.Combine([_folder, .. parts]);
}
