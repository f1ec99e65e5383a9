using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Access;

/// <summary>The key that a request brings: in <c>x-api-key</c>, else as a bearer token. The first wins, since a proxy may own <c>Authorization</c>.</summary>
public static class RequestKey
{
    /// <summary>The header of our own.</summary>
    public const string Header = "x-api-key";

    private const string Scheme = "Bearer ";
    private const int MaxLength = 512;

    /// <summary>The key's text, or null if there is none, or more than one.</summary>
    public static string? Of(HttpRequest request)
    {
        var key = (request.Headers[Header], request.Headers.Authorization) switch
        {
            ([{ Length: > 0 } own], _) => own,
            ([] or [null or ""], [{ } authorization]) when authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) => authorization[Scheme.Length..].Trim(),
            _ => null,
        };
        return key is { Length: > 0 and <= MaxLength } ? key : null;
    }
}
