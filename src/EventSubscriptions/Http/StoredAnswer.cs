using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace EventSubscriptions.Http;

/// <summary>JSON that changes only with the app: 200 with an <c>ETag</c>, 304 to those who have it, 412 to those who want another version.</summary>
/// <param name="json">The body.</param>
/// <param name="cacheControl">For how long it may be kept, where that is said.</param>
internal sealed class StoredAnswer(ReadOnlyMemory<byte> json, string? cacheControl = null) : IResult
{
    private const string MediaType = "application/json; charset=utf-8";

    private readonly FileContentHttpResult _result = TypedResults.Bytes(
        json, MediaType, entityTag: new EntityTagHeaderValue($"\"{Base64Url.EncodeToString(SHA256.HashData(json.Span).AsSpan(0, 12))}\""));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        if (cacheControl is not null)
        {
            httpContext.Response.Headers.CacheControl = cacheControl;
        }

        return _result.ExecuteAsync(httpContext);
    }
}
