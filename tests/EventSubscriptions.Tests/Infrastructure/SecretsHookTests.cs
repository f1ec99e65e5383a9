using System.Text.RegularExpressions;
using EventSubscriptions.Access;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Infrastructure;

public sealed class SecretsHookTests : IDisposable
{
    private readonly SecretsHook _hook = new();

    public void Dispose() => _hook.Dispose();

    [Fact]
    public async Task Hook_creates_group_vault_and_secrets_on_first_run()
    {
        var (code, _) = await _hook.Run();

        Assert.Equal(0, code);
        Assert.Equal(["group create", "keyvault create", "put access-admin-key", "put secrets-keys"], _hook.Changes());
        Assert.Contains("--enable-purge-protection true", _hook.Calls(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hook_creates_secrets_that_the_app_accepts()
    {
        await _hook.Run();
        var reader = new OptionsReader(
            new ConfigurationBuilder()
                .AddInMemoryCollection([
                    new("Access:AdminKey", _hook.Secret("access-admin-key")),
                    new("Secrets:Keys", _hook.Secret("secrets-keys")),
                ])
                .Build()
        );
        AccessOptions.Read(reader);
        var keys = SecretOptions.Read(reader);

        Assert.Empty(reader.Errors);
        Assert.Equal("k1", Assert.Single(keys.Keys).Id);
    }

    [Fact]
    public async Task Hook_changes_nothing_on_second_run()
    {
        await _hook.Run();
        var (admin, keys) = (_hook.Secret("access-admin-key"), _hook.Secret("secrets-keys"));
        File.Delete(_hook.PathOf("state", "calls"));

        var (code, _) = await _hook.Run();

        Assert.Equal(0, code);
        Assert.Empty(_hook.Changes());
        Assert.Equal((admin, keys), (_hook.Secret("access-admin-key"), _hook.Secret("secrets-keys")));
    }

    [Fact]
    public async Task Hook_creates_the_missing_secret_only()
    {
        _hook.AddState("group", "vault", "secrets-keys");

        await _hook.Run();

        Assert.Equal(["put access-admin-key"], _hook.Changes());
    }

    [Fact]
    public async Task Hook_recovers_the_vault_when_it_was_deleted()
    {
        _hook.AddState("deleted-vault", "access-admin-key", "secrets-keys");

        var (code, _) = await _hook.Run();

        Assert.Equal(0, code);
        Assert.Equal(["group create", "keyvault recover"], _hook.Changes());
    }

    [Fact]
    public async Task Hook_fails_with_the_command_to_recover_when_a_secret_was_deleted()
    {
        _hook.AddState("group", "vault", "access-admin-key", "deleted-secrets-keys");

        var (code, output) = await _hook.Run();

        Assert.NotEqual(0, code);
        Assert.Contains("az keyvault secret recover --vault-name ", output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_hook.PathOf("tmp")));
        Assert.DoesNotContain("azd env set", _hook.Calls(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hook_creates_no_secret_when_it_may_not_read_secrets()
    {
        _hook.AddState("group", "vault", "forbidden");

        var (code, _) = await _hook.Run();

        Assert.NotEqual(0, code);
        Assert.Empty(_hook.Changes());
    }

    [Theory]
    [InlineData("group exists")]
    [InlineData("group create")]
    [InlineData("keyvault list")]
    [InlineData("keyvault list-deleted")]
    [InlineData("keyvault create")]
    public async Task Hook_stops_when_a_command_fails(string command)
    {
        await File.WriteAllTextAsync(_hook.PathOf("state", "failing"), command);

        var (code, _) = await _hook.Run();

        Assert.NotEqual(0, code);
        Assert.Equal(command, Regex.Matches(_hook.Calls(), @"(?m)^az (\S+ \S+)")[^1].Groups[1].Value);
    }

    [Fact]
    public async Task Hook_fails_when_it_cannot_set_the_vault_name_in_azd()
    {
        _hook.AddState("no-azd");

        Assert.NotEqual(0, (await _hook.Run()).Code);
    }

    [Fact]
    public async Task Hook_fails_when_the_CLI_is_not_installed()
    {
        File.Delete(_hook.PathOf("bin", "az"));

        var (code, output) = await _hook.Run(("PATH", _hook.PathOf("bin")));

        Assert.NotEqual(0, code);
        Assert.Contains("Azure CLI", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Admin_key_needs_no_escaping()
    {
        _hook.AddProgram("base64", "#!/bin/sh\ncat >/dev/null\necho '++++++++++++++++++++//////////////////////A='\n");

        await _hook.Run();

        Assert.Equal("--------------------______________________A", _hook.Secret("access-admin-key"));
    }

    [Theory]
    [InlineData("AZURE_ENV_NAME")]
    [InlineData("AZURE_SUBSCRIPTION_ID")]
    [InlineData("AZURE_LOCATION")]
    public async Task Hook_fails_when_a_variable_is_not_set(string variable)
    {
        var (code, output) = await _hook.Run((variable, ""));

        Assert.NotEqual(0, code);
        Assert.Contains($"{variable} is not set", output, StringComparison.Ordinal);
        Assert.False(File.Exists(_hook.PathOf("state", "calls")));
    }

    [Theory]
    [InlineData("base64", "exit 127")]
    [InlineData("base64", "echo c2hvcnQ=")]
    [InlineData("head", "exit 1")]
    [InlineData("tr", "exit 1")]
    public async Task Hook_creates_no_secret_when_it_has_no_random_bytes(string program, string body)
    {
        _hook.AddState("group", "vault");
        _hook.AddProgram(program, $"#!/bin/sh\n{body}\n");

        var (code, output) = await _hook.Run(("AZURE_KEY_VAULT_NAME", "my-vault"));

        Assert.NotEqual(0, code);
        Assert.Contains("no random bytes", output, StringComparison.Ordinal);
        Assert.Empty(_hook.Changes());
    }

    [Fact]
    public async Task Hook_fails_when_it_cannot_hash_the_vault_name()
    {
        _hook.AddProgram("sha256sum", "#!/bin/sh\nexit 127\n");

        var (code, output) = await _hook.Run();

        Assert.NotEqual(0, code);
        Assert.Contains("sha256sum", output, StringComparison.Ordinal);
        Assert.Empty(_hook.Changes());
    }

    [Fact]
    public async Task Hook_fails_when_the_CLI_is_logged_out()
    {
        _hook.AddState("logged-out");

        var (code, output) = await _hook.Run();

        Assert.NotEqual(0, code);
        Assert.Contains("az login", output, StringComparison.Ordinal);
        Assert.Empty(_hook.Changes());
    }

    [Fact]
    public async Task Secrets_are_in_no_argument_output_or_file()
    {
        var (_, output) = await _hook.Run();

        foreach (var secret in (string[])[_hook.Secret("access-admin-key"), _hook.Secret("secrets-keys")[3..]])
        {
            Assert.DoesNotContain(secret, _hook.Calls(), StringComparison.Ordinal);
            Assert.DoesNotContain(secret, output, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_hook.PathOf("tmp")));
    }

    [Fact]
    public async Task Vault_name_depends_on_the_environment_only_and_is_set_in_azd()
    {
        await _hook.Run();
        var name = _hook.VaultName();
        File.Delete(_hook.PathOf("state", "calls"));
        await _hook.Run(("AZURE_ENV_NAME", "Test"));
        var same = _hook.VaultName();
        File.Delete(_hook.PathOf("state", "calls"));
        await _hook.Run(("AZURE_ENV_NAME", "other"));

        Assert.Matches("^kv-[0-9a-f]{18}$", name);
        Assert.Equal(name, same);
        Assert.NotEqual(name, _hook.VaultName());
    }

    [Fact]
    public async Task Hook_uses_the_vault_and_the_group_of_the_environment()
    {
        await _hook.Run(("AZURE_KEY_VAULT_NAME", "my-vault"), ("AZURE_RESOURCE_GROUP", "my-group"));

        Assert.Equal("my-vault", _hook.VaultName());
        Assert.Contains("az group create --name my-group ", _hook.Calls(), StringComparison.Ordinal);
        Assert.Contains(
            "/resourceGroups/my-group/providers/Microsoft.KeyVault/vaults/my-vault/secrets/",
            _hook.Calls(),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("secrets.sh")]
    [InlineData("secrets.ps1")]
    public async Task Vault_has_role_based_access_and_purge_protection(string script)
    {
        var text = await File.ReadAllTextAsync(Repository.PathOf("infra", "hooks", script));

        Assert.Contains(
            "--enable-rbac-authorization true --enable-purge-protection true --retention-days 90",
            text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Windows_script_has_the_commands_and_options_of_the_posix_script()
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
    public async Task Azd_runs_the_hook_before_it_provisions()
    {
        var azd = await File.ReadAllTextAsync(Repository.PathOf("azure.yaml"));
        var scripts = Regex.Matches(azd, "run: (.*)").Select(match => match.Groups[1].Value).ToList();

        Assert.Matches(@"(?m)^hooks:\n  preprovision:\n    posix:\n", azd);
        Assert.Equal(["infra/hooks/secrets.sh", "infra/hooks/secrets.ps1"], scripts);
        Assert.All(scripts, script => Assert.True(File.Exists(Repository.PathOf(script.Split('/')))));
    }
}
