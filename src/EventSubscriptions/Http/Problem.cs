using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace EventSubscriptions.Http;

/// <summary>
/// Problem details (RFC 9457). The status is the whole type, so <c>type</c> is <c>about:blank</c> and <c>title</c> the status phrase
/// (§4.2.1); <c>detail</c> is for people, and <c>errors</c> has messages by field.
/// </summary>
public static class Problem
{
    private const string MediaType = "application/problem+json";

    /// <summary>400 for what is not about one field.</summary>
    public static IResult BadRequest(string detail) => Of(StatusCodes.Status400BadRequest, detail);

    /// <summary>400 with all errors by field.</summary>
    public static IResult Invalid(FieldErrors errors) =>
        Of(
            StatusCodes.Status400BadRequest,
            errors.Count == 1 ? "The request is not valid." : $"The request has {errors.Count} errors.",
            errors.ByField()
        );

    /// <summary>401 with the challenge of RFC 6750 §3.</summary>
    public static IResult Unauthorized(string detail) =>
        new JsonContentResult<ProblemDetail>(
            StatusCodes.Status401Unauthorized,
            Detail(StatusCodes.Status401Unauthorized, detail),
            HttpJson.Default.ProblemDetail
        )
        {
            ContentType = MediaType,
            Challenge = "Bearer",
        };

    /// <summary>403: the key is valid, but its role is not sufficient.</summary>
    public static IResult Forbidden(string detail) => Of(StatusCodes.Status403Forbidden, detail);

    /// <summary>404. The same for what never existed and what the caller may not see.</summary>
    public static IResult NotFound(string detail) => Of(StatusCodes.Status404NotFound, detail);

    /// <summary>409: the request is valid but conflicts with the current state.</summary>
    public static IResult Conflict(string detail) => Of(StatusCodes.Status409Conflict, detail);

    /// <summary>409: subscriptions use what is to be deleted.</summary>
    public static IResult InUse(string detail, IReadOnlyList<SubscriptionReference> subscriptions) =>
        new JsonContentResult<ProblemDetail>(
            StatusCodes.Status409Conflict,
            Detail(StatusCodes.Status409Conflict, detail) with
            {
                Subscriptions = subscriptions,
            },
            HttpJson.Default.ProblemDetail
        )
        {
            ContentType = MediaType,
        };

    /// <summary>412: <c>If-Match</c> names an outdated version.</summary>
    public static IResult PreconditionFailed() =>
        Of(
            StatusCodes.Status412PreconditionFailed,
            "The resource has changed since the version in If-Match. Read it again, then repeat the change."
        );

    /// <summary>429: a limit is reached.</summary>
    /// <param name="detail">The limit.</param>
    /// <param name="retryAfter">How long to wait.</param>
    public static IResult TooManyRequests(string detail, TimeSpan retryAfter) =>
        new JsonContentResult<ProblemDetail>(
            StatusCodes.Status429TooManyRequests,
            Detail(StatusCodes.Status429TooManyRequests, detail),
            HttpJson.Default.ProblemDetail
        )
        {
            ContentType = MediaType,
            RetryAfterSeconds = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds)),
        };

    /// <summary>503: repeating is safe and may succeed.</summary>
    /// <param name="detail">What is unavailable, and how to repeat.</param>
    /// <param name="retryAfterSeconds">How long to wait before.</param>
    /// <param name="ids">The ids to repeat with, if the request left them to us.</param>
    public static IResult Unavailable(string detail, int retryAfterSeconds = 5, IReadOnlyList<string>? ids = null) =>
        new JsonContentResult<ProblemDetail>(
            StatusCodes.Status503ServiceUnavailable,
            Detail(StatusCodes.Status503ServiceUnavailable, detail) with
            {
                Ids = ids,
            },
            HttpJson.Default.ProblemDetail
        )
        {
            ContentType = MediaType,
            RetryAfterSeconds = retryAfterSeconds,
        };

    /// <summary>Any other status.</summary>
    public static IResult Of(int status, string detail, IReadOnlyDictionary<string, string[]>? errors = null) =>
        new JsonContentResult<ProblemDetail>(status, Detail(status, detail, errors), HttpJson.Default.ProblemDetail)
        {
            ContentType = MediaType,
        };

    private static ProblemDetail Detail(int status, string detail, IReadOnlyDictionary<string, string[]>? errors = null) =>
        new("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail, errors);
}

/// <summary>The body of a problem.</summary>
internal sealed record ProblemDetail(string Type, string Title, int Status, string Detail, IReadOnlyDictionary<string, string[]>? Errors)
{
    public IReadOnlyList<string>? Ids { get; init; }

    public IReadOnlyList<SubscriptionReference>? Subscriptions { get; init; }
}

/// <summary>A subscription that a problem names.</summary>
public sealed record SubscriptionReference(int OrganizationId, string Id, string Name);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ProblemDetail))]
internal sealed partial class HttpJson : JsonSerializerContext;
