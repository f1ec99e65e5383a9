using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EventSubscriptions.Storage;
using Microsoft.AspNetCore.Http;

namespace EventSubscriptions.Http;

/// <summary>
/// The items of a list as newline-delimited JSON: page after page, to the end of the list. If a later page can't be read, the connection is
/// closed in the middle of the response, so that nobody takes it for complete.
/// </summary>
internal sealed class NdjsonResult<T>(
    ListPage<T> first,
    PageRequest page,
    Func<PageRequest, CancellationToken, Task<ListPage<T>>> read,
    JsonTypeInfo<T> type
) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = ApiRequest.Ndjson;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.Vary = "Accept";
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        try
        {
            for (var items = first; ; items = await read(page.Following(items.ContinuationToken!), httpContext.RequestAborted))
            {
                foreach (var item in items.Items)
                {
                    await response.BodyWriter.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(item, type), httpContext.RequestAborted);
                    await response.BodyWriter.WriteAsync("\n"u8.ToArray(), httpContext.RequestAborted);
                }

                if (items.ContinuationToken is null)
                {
                    return;
                }
            }
        }
        catch (Exception) when (response.HasStarted)
        {
            httpContext.Abort();
        }
    }
}
