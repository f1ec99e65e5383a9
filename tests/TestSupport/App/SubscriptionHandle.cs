using System.Net;

namespace TestSupport.App;

/// <summary>A subscription that a test has created.</summary>
/// <param name="Created">The response that created it.</param>
internal sealed record SubscriptionHandle(Organization Organization, string Id, string Token, ApiResponse Created)
{
    public string Path => $"{Organization.Path}/subscriptions/{Id}";

    public string SigningSecret => Created.Read<SubscriptionResult>().SigningSecret!;

    public Task<SubscriptionResult> Get() => Organization.Api.Get<SubscriptionResult>(Path);

    /// <summary>Changes some fields, such as <c>new { isActive = false }</c>.</summary>
    public async Task<SubscriptionResult> Change(object fields) =>
        (await Organization.Api.Patch(Path, fields)).Expect(HttpStatusCode.OK).Read<SubscriptionResult>();

    /// <summary>Sends a test event.</summary>
    public async Task<AttemptResult> Test(string? eventName = null) =>
        (await Organization.Api.Post($"{Path}/test", new { eventName })).Expect(HttpStatusCode.OK).Read<AttemptResult>();

    /// <summary>Replaces the signing secret and returns the new one.</summary>
    public async Task<string> RotateSecret(string? overlap = null) =>
        (
            await (
                overlap is null
                    ? Organization.Api.Send(HttpMethod.Post, $"{Path}/rotate-secret")
                    : Organization.Api.Post($"{Path}/rotate-secret", new { overlap })
            )
        )
            .Expect(HttpStatusCode.OK)
            .Read<RotatedSecretResult>()
            .SigningSecret;

    /// <summary>The newest page of the delivery log as sent.</summary>
    public async Task<string> AttemptsText() => (await Organization.Api.Get($"{Path}/deliveries")).Expect(HttpStatusCode.OK).Text;

    /// <summary>The attempts, newest first.</summary>
    public Task<IReadOnlyList<AttemptResult>> Attempts(string? outcome = null) =>
        Organization.Api.GetAll<AttemptResult>($"{Path}/deliveries" + (outcome is null ? "" : $"?outcome={outcome}"));

    /// <summary>Waits until that many attempts have an outcome, and returns them, newest first.</summary>
    public Task<IReadOnlyList<AttemptResult>> Attempted(string outcome, int count) =>
        Eventually.Get(
            () => Attempts(outcome),
            attempts => attempts.Count >= count,
            attempts => $"{count} attempts {outcome}, {attempts.Count} are there"
        );
}
