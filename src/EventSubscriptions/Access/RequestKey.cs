using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Access;

/// <summary>
/// The API key of a request: <c>x-api-key</c>, else the bearer token. The first wins because a proxy may own <c>Authorization</c>.
/// </summary>
public static class RequestKey
{
    public const string Header = "x-api-key";

    private const string Scheme = "Bearer ";
    private const int MaxLength = 512;

    /// <summary>The text of the key, or null if there is none or more than one.</summary>
    public static string? Of(HttpRequest request)
    {
        var key = (request.Headers[Header], request.Headers.Authorization) switch
        {
            ([{ Length: > 0 } own], _) => own,
            ([] or [null or ""], [{ } authorization]) when authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) =>
                authorization[Scheme.Length..].Trim(),
            _ => null,
        };
        return key is { Length: > 0 and <= MaxLength } ? key : null;
    }
}
