using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>
/// Content that is known as bytes: 200 with an <c>ETag</c>, 304 if the caller has it, 412 if it wants another version.
/// </summary>
/// <param name="cacheControl">The header <c>Cache-Control</c>, or null.</param>
/// <param name="mediaType">The media type.</param>
internal sealed class StaticContentResult(
    ReadOnlyMemory<byte> content,
    string? cacheControl = null,
    string mediaType = "application/json; charset=utf-8"
) : IResult
{
    private const int HashLength = 12;

    /// <summary>The entity tag.</summary>
    public string Tag { get; } = $"\"{Base64Url.EncodeToString(SHA256.HashData(content.Span).AsSpan(0, HashLength))}\"";

    /// <summary>The response to the request that created the content.</summary>
    public IResult Created(string location) => new WrittenContent(this, StatusCodes.Status201Created, location);

    /// <summary>The response to the request that replaced the content.</summary>
    public IResult Replaced() => new WrittenContent(this, StatusCodes.Status200OK, location: null);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = StatusFor(httpContext.Request.Headers);
        await WriteAsync(httpContext);
    }

    private async Task WriteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.Headers.ETag = Tag;
        response.Headers.XContentTypeOptions = "nosniff";
        if (cacheControl is not null)
        {
            response.Headers.CacheControl = cacheControl;
        }

        if (response.StatusCode is StatusCodes.Status200OK or StatusCodes.Status201Created)
        {
            response.ContentType = mediaType;
            response.ContentLength = content.Length;
            await response.BodyWriter.WriteAsync(content, httpContext.RequestAborted);
        }
    }

    /// <summary>Malformed conditions are ignored (RFC 9110 §13.2.2 has the order of the others).</summary>
    private int StatusFor(IHeaderDictionary headers) =>
        EntityTagList.TryParse(headers.IfMatch, out var wanted) && !wanted.Holds(Tag) ? StatusCodes.Status412PreconditionFailed
        : EntityTagList.TryParse(headers.IfNoneMatch, out var known) && known.Holds(Tag) ? StatusCodes.Status304NotModified
        : StatusCodes.Status200OK;

    /// <summary>The conditions of the request were those of the change.</summary>
    private sealed class WrittenContent(StaticContentResult content, int status, string? location) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            if (location is not null)
            {
                httpContext.Response.Headers.Location = location;
            }

            return content.WriteAsync(httpContext);
        }
    }
}
