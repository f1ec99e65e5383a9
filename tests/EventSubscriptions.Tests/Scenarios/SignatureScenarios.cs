using System.Globalization;
using System.Net;
using EventSubscriptions.Deliveries.Sending;
using EventSubscriptions.Subscriptions;
using EventSubscriptions.Tests.Scenarios.Harness;

namespace EventSubscriptions.Tests.Scenarios;

/// <summary>What a receiver that uses the published library makes of our requests.</summary>
public sealed class SignatureScenarios(SharedApp shared, StandardWebhooks library)
    : IClassFixture<SharedApp>,
        IClassFixture<StandardWebhooks>
{
    private readonly Hook _hook = shared.Receiver.NewHook();
    private readonly Organization _organization = shared.NewOrganization();

    [Fact]
    public async Task Delivery_verifies_with_the_secret_that_the_creation_returned()
    {
        var secret = (await _organization.Subscribe(_hook)).SigningSecret;

        var request = await _hook.Received(await _organization.Publish(Some.CaseEvent, new { id = "1", name = "Grüße, 你好 \u2028 😀" }));

        Assert.Equal(StandardWebhooks.Valid, await library.Verify(request, secret));
        Assert.Single(Signatures(request));
    }

    [Fact]
    public async Task Every_attempt_has_the_same_id_and_its_own_signature()
    {
        var secret = (await _organization.Subscribe(_hook.Responds(500, 200))).SigningSecret;
        var eventId = await _organization.PublishCase();

        var attempts = await _hook.Received(2);

        Assert.All(attempts, attempt => Assert.Equal(eventId, attempt.Headers["webhook-id"]));
        Assert.Equal(StandardWebhooks.Valid, await library.Verify(attempts[0], secret));
        Assert.Equal(StandardWebhooks.Valid, await library.Verify(attempts[1], secret));
    }

    [Fact]
    public async Task Tampered_delivery_does_not_verify()
    {
        var secret = (await _organization.Subscribe(_hook)).SigningSecret;
        var request = await _hook.Received(await _organization.PublishCase());

        var body = (byte[])request.Body.Clone();
        body[^3] ^= 1;

        Assert.Equal(StandardWebhooks.NoMatch, await library.Verify(request with { Body = body }, secret));
        Assert.Equal(StandardWebhooks.NoMatch, await library.Verify(request.With("webhook-id", "evt_other"), secret));
        Assert.Equal(
            StandardWebhooks.NoMatch,
            await library.Verify(request.With("webhook-timestamp", OneMore(request.Headers["webhook-timestamp"])), secret)
        );
    }

    [Fact]
    public async Task Delivery_does_not_verify_when_it_is_replayed_later()
    {
        var secrets = SigningSecrets.New();
        var body = "{\"a\":1}"u8.ToArray();

        Assert.Equal(StandardWebhooks.Valid, await library.Verify(Signed(DateTimeOffset.UtcNow), body, secrets.Current.Reveal()));
        Assert.Equal(
            StandardWebhooks.TooOld,
            await library.Verify(Signed(DateTimeOffset.UtcNow.AddMinutes(-6)), body, secrets.Current.Reveal())
        );

        Dictionary<string, string> Signed(DateTimeOffset at) =>
            new(StringComparer.Ordinal)
            {
                ["webhook-id"] = "evt_1",
                ["webhook-timestamp"] = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                ["webhook-signature"] = WebhookSignature.Of("evt_1", at, body, secrets)!,
            };
    }

    [Fact]
    public async Task Both_secrets_verify_during_an_overlap()
    {
        var subscription = await _organization.Subscribe(_hook);

        var rotated = await subscription.RotateSecret();
        var request = await _hook.Received(await _organization.PublishCase());

        Assert.NotEqual(subscription.SigningSecret, rotated);
        Assert.Equal(2, Signatures(request).Length);
        Assert.Equal(StandardWebhooks.Valid, await library.Verify(request, rotated));
        Assert.Equal(StandardWebhooks.Valid, await library.Verify(request, subscription.SigningSecret));
    }

    [Fact]
    public async Task Old_secret_no_longer_verifies_after_the_overlap()
    {
        var subscription = await _organization.Subscribe(_hook);
        var rotated = await subscription.RotateSecret("00:00:00.500");

        ReceivedRequest request;
        do
        {
            request = await _hook.Received(await _organization.PublishCase());
            Assert.Equal(StandardWebhooks.Valid, await library.Verify(request, rotated));
        } while (Signatures(request).Length > 1);

        Assert.Equal(StandardWebhooks.NoMatch, await library.Verify(request, subscription.SigningSecret));
    }

    [Fact]
    public async Task Old_secret_no_longer_verifies_at_once_when_there_is_no_overlap()
    {
        var subscription = await _organization.Subscribe(_hook);
        var second = await subscription.RotateSecret();
        var third = await subscription.RotateSecret("00:00:00");

        var request = await _hook.Received(await _organization.PublishCase());

        Assert.Equal(StandardWebhooks.Valid, await library.Verify(request, third));
        Assert.Equal(StandardWebhooks.NoMatch, await library.Verify(request, second));
        Assert.Equal(StandardWebhooks.NoMatch, await library.Verify(request, subscription.SigningSecret));
    }

    [Fact]
    public async Task Secret_is_shown_on_creation_and_rotation_only()
    {
        var subscription = await _organization.Subscribe(_hook.Responds(500));
        var rotated = await subscription.RotateSecret();
        await _organization.PublishCase();
        await _organization.Audited("delivery.failed", 1);

        string[] shown =
        [
            (await _organization.Api.Get(subscription.Path)).Expect(HttpStatusCode.OK).Text,
            (await _organization.Api.Get($"{_organization.Path}/subscriptions")).Expect(HttpStatusCode.OK).Text,
            (await _organization.Api.Patch(subscription.Path, new { name = "newer" })).Expect(HttpStatusCode.OK).Text,
            await _organization.AuditLogText(),
            await subscription.AttemptsText(),
            shared.App.Output,
        ];

        foreach (var secret in (string[])[subscription.SigningSecret, rotated])
        {
            Assert.DoesNotContain(shown, text => text.Contains(secret["whsec_".Length..], StringComparison.Ordinal));
        }
    }

    private static string[] Signatures(ReceivedRequest request) => request.Headers["webhook-signature"].Split(' ');

    private static string OneMore(string seconds) =>
        (long.Parse(seconds, CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
}
