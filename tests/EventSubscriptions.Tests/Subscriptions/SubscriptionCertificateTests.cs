using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Azure.Data.Tables;
using EventSubscriptions.Storage;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Subscriptions.Authentication;
using EventSubscriptions.Tests.Events;
using EventSubscriptions.Tests.Scenarios.Harness;
using EventSubscriptions.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventSubscriptions.Tests.Subscriptions;

public sealed class SubscriptionCertificateOnAzuriteTests() : SubscriptionCertificateTests(new AzuriteStores());

public sealed class SubscriptionCertificateOnLocalStoresTests() : SubscriptionCertificateTests(new LocalStores());

public abstract class SubscriptionCertificateTests(ITableStores stores) : SubscriptionFunctionsTestBase(stores), IDisposable
{
    private readonly TestCertificates _certificates = new();
    private readonly RecordingOperationalEvents _published = new();

    [Fact]
    public async Task Certificate_is_stored_encrypted_and_shown_without_its_key()
    {
        var certificate = _certificates.OfClient("Müller");

        var created = await CreateAsync(With(certificate));

        Assert.Equal(201, created.Status);
        var shown = (await GetAsync(Id(created))).Read<SubscriptionResult>().ClientCertificate!;
        Assert.Equal(("CN=Müller", certificate.Details.Thumbprint), (shown.Subject, shown.Thumbprint));
        Assert.Equal(certificate.Details.ExpiresAt, shown.ExpiresAt);
        Assert.DoesNotContain("KEY", created.Body, StringComparison.Ordinal);
        var table = _tables.GetTableClient(TableNames.Subscriptions);
        TableEntity row = await table.GetEntityAsync<TableEntity>($"{_organization}", $"s:{Id(created)}");
        var values = row.Select(column => column.Value).ToList();
        Assert.All(values.OfType<byte[]>(), value => Assert.Equal(-1, value.AsSpan().IndexOf("PRIVATE KEY"u8)));
        Assert.DoesNotContain(values.OfType<string>(), value => value.Contains("KEY", StringComparison.Ordinal));
        Assert.Equal(certificate, (await _store.FindAsync(_organization, Id(created), default))!.ClientCertificate);
    }

    [Fact]
    public async Task Certificate_is_removed_by_null_and_kept_by_other_changes()
    {
        var id = Id(await CreateAsync(With(_certificates.OfClient())));

        Assert.NotNull((await PatchAsync(id, """{"name":"other"}""")).Read<SubscriptionResult>().ClientCertificate);
        Assert.Null((await PatchAsync(id, """{"clientCertificate":null}""")).Read<SubscriptionResult>().ClientCertificate);
    }

    [Fact]
    public async Task Certificate_is_refused_when_it_is_not_valid()
    {
        var (valid, other) = (_certificates.OfClient(), _certificates.OfClient());
        using var rsa = RSA.Create(2048);
        var encrypted = rsa.ExportEncryptedPkcs8PrivateKeyPem(
            "p",
            new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1)
        );
        var expired = _certificates.OfClient(until: _clock.GetUtcNow().AddSeconds(-1));
        (string Certificate, string Key, string Field)[] cases =
        [
            ("s3cret", valid.PrivateKey.Reveal(), "clientCertificate.certificate"),
            (valid.PrivateKey.Reveal(), valid.PrivateKey.Reveal(), "clientCertificate.certificate"),
            (valid.Certificate, "s3cret", "clientCertificate.privateKey"),
            (valid.Certificate, encrypted, "clientCertificate.privateKey"),
            (valid.Certificate, other.PrivateKey.Reveal(), "clientCertificate.privateKey"),
            (valid.Certificate, rsa.ExportPkcs8PrivateKeyPem(), "clientCertificate.privateKey"),
            (valid.Certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "clientCertificate.privateKey"),
            (expired.Certificate, expired.PrivateKey.Reveal(), "clientCertificate.certificate"),
            (new string('x', 16_000), new string('y', 1_000), "clientCertificate"),
        ];

        foreach (var (certificate, key, field) in cases)
        {
            var reply = await CreateAsync(With(Json(certificate, key)));

            Assert.Equal([field], reply.Errors.Keys);
            Assert.DoesNotContain("s3cret", reply.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("MII", reply.Body, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("[]", "clientCertificate,clientCertificate.certificate,clientCertificate.privateKey")]
    [InlineData("{}", "clientCertificate.certificate,clientCertificate.privateKey")]
    [InlineData(
        """{"certificate":1,"privateKey":"","pfx":""}""",
        "clientCertificate.certificate,clientCertificate.privateKey,clientCertificate.pfx"
    )]
    public async Task Certificate_is_refused_when_a_field_is_not_valid(string certificate, string fields) =>
        Assert.Superset((await CreateAsync(With(certificate))).Errors.Keys.ToHashSet(), fields.Split(',').ToHashSet());

    [Fact]
    public async Task Certificate_may_have_a_key_of_any_form_and_intermediates()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=Rsa", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(_clock.GetUtcNow().AddDays(-1), _clock.GetUtcNow().AddDays(300));
        var chain = "Bag Attributes: ü\n" + certificate.ExportCertificatePem() + "\n" + File.ReadAllText(_certificates.TrustFile);
        var key = certificate.ExportCertificatePem() + "\n" + rsa.ExportRSAPrivateKeyPem();

        var created = await CreateAsync(With(Json(chain, key)));

        Assert.Equal("CN=Rsa", created.Read<SubscriptionResult>().ClientCertificate!.Subject);
        var stored = (await _store.FindAsync(_organization, Id(created), default))!.ClientCertificate!;
        var (loaded, intermediates) = stored.Load();
        Assert.True(loaded.HasPrivateKey);
        Assert.Equal(_certificates.Authority.Thumbprint, Assert.Single(intermediates).Thumbprint);
    }

    [Fact]
    public void Certificate_needs_https()
    {
        var rules = Given.Rules(new(new() { AllowInsecureDestinations = true }), _clock);
        var subscription = Given.Subscription(_organization, _clock) with { ClientCertificate = _certificates.OfClient() };

        Assert.Null(rules.Check(subscription));
        Assert.Equal("clientCertificate", rules.Check(subscription with { Url = new Uri("http://example.com/") })!.Value.Field);
    }

    [Fact]
    public async Task Certificate_is_required_again_when_the_url_leads_elsewhere()
    {
        var certificate = _certificates.OfClient();
        var id = Id(await CreateAsync(With(certificate)));

        Assert.Equal(["token", "clientCertificate"], (await PatchAsync(id, """{"url":"https://example.org/"}""")).Errors.Keys);
        Assert.Equal(200, (await PatchAsync(id, """{"url":"https://example.org/","token":"t","clientCertificate":null}""")).Status);
    }

    [Fact]
    public async Task Change_is_audited_without_the_certificate()
    {
        var id = Id(await CreateAsync(Valid));

        await PatchAsync(id, "{\"clientCertificate\":" + Json(_certificates.OfClient()) + "}");
        await PatchAsync(id, "{\"clientCertificate\":" + Json(_certificates.OfClient("Other")) + "}");

        var text = (await AuditReplyAsync("")).Body;
        Assert.Contains("\"clientCertificate\":{\"from\":null,\"to\":\"***\"}", text, StringComparison.Ordinal);
        Assert.Contains("\"clientCertificate\":{\"from\":\"***\",\"to\":\"***\"}", text, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expiry_is_reported_and_audited_once_per_certificate()
    {
        var expiring = _certificates.OfClient(until: _clock.GetUtcNow().AddDays(20));
        var id = Id(await CreateAsync(With(expiring)));
        Id(await CreateAsync(With(_certificates.OfClient(until: _clock.GetUtcNow().AddDays(200)))));
        Id(await CreateAsync(Valid));

        Assert.Empty(await CheckAsync());
        _clock.Advance(TimeSpan.FromDays(7));
        _published.IsDown = true;
        Assert.Empty(await CheckAsync());
        _published.IsDown = false;
        var entry = Assert.Single(await CheckAsync());
        Assert.Equal((id, expiring.Details.ExpiresAt), (entry.SubscriptionId, entry.Changes!["expiresAt"].To.GetDateTimeOffset()));
        Assert.Single(await CheckAsync());
        await PatchAsync(id, """{"name":"other"}""");
        Assert.Single(await CheckAsync());

        var next = _certificates.OfClient(until: _clock.GetUtcNow().AddDays(3));
        await PatchAsync(id, "{\"clientCertificate\":" + Json(next) + "}");
        Assert.Equal(2, (await CheckAsync()).Count);
        Assert.Equal(["ClientCertificateExpiringEvent", "ClientCertificateExpiringEvent"], _published.Names);
        Assert.Equal(next.Details.Thumbprint, _published.LastData.GetProperty("thumbprint").GetString());
    }

    public void Dispose() => _certificates.Dispose();

    private async Task<IReadOnlyList<AuditLogEntry>> CheckAsync()
    {
        await new ClientCertificateExpiry(_store, _published, _clock, NullLogger<ClientCertificateExpiry>.Instance).RunAsync(default);
        return [.. (await AuditAsync()).Where(entry => entry.Type == "subscription.certificateExpiring")];
    }

    private static string With(ClientCertificate certificate) => With(Json(certificate));

    private static string With(string certificate) =>
        Valid.Replace("\"events\"", $"\"clientCertificate\":{certificate},\"events\"", StringComparison.Ordinal);

    private static string Json(ClientCertificate certificate) => Json(certificate.Certificate, certificate.PrivateKey.Reveal());

    private static string Json(string certificate, string privateKey) => JsonSerializer.Serialize(new { certificate, privateKey });
}
