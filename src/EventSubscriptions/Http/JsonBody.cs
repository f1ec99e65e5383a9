using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace EventSubscriptions.Http;

/// <summary>The JSON body of a request, or the problem with it. All strings are valid Unicode, and all members are unique.</summary>
public readonly struct JsonBody
{
    /// <summary>The largest body in bytes.</summary>
    public const int MaxBytes = 1024 * 1024;

    private const string Json = "application/json";
    private const string MergePatch = "application/merge-patch+json";

    private static readonly JsonDocumentOptions s_uniqueMembers = new()
    {
        AllowDuplicateProperties = false,
        MaxDepth = JsonDefects.MaxDepth,
    };

    private JsonBody(JsonElement root) => Root = root;

    private JsonBody(IResult problem) => Problem = problem;

    /// <summary>The document, if there is no problem. It owns its memory.</summary>
    public JsonElement Root { get; }

    /// <summary>The problem: 400 malformed, 413 over 1 MiB, 415 another content type or a compressed body.</summary>
    public IResult? Problem { get; }

    /// <summary>Reads <c>application/json</c>.</summary>
    public static Task<JsonBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken) =>
        ReadAsync(request, mergePatch: false, cancellationToken);

    /// <summary>Reads <c>application/json</c>; a request without a body is an empty object.</summary>
    public static Task<JsonBody> ReadOptionalAsync(HttpRequest request, CancellationToken cancellationToken) =>
        request.ContentLength == 0 || request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }
            ? Task.FromResult(Parse("{}"u8))
            : ReadAsync(request, cancellationToken);

    /// <summary>Reads a JSON merge patch (RFC 7396), as <c>application/merge-patch+json</c> or <c>application/json</c>.</summary>
    public static Task<JsonBody> ReadMergePatchAsync(HttpRequest request, CancellationToken cancellationToken) =>
        ReadAsync(request, mergePatch: true, cancellationToken);

    /// <summary>Parses a body.</summary>
    internal static JsonBody Parse(ReadOnlySpan<byte> utf8)
    {
        utf8 = utf8.StartsWith(Encoding.UTF8.Preamble) ? utf8[Encoding.UTF8.Preamble.Length..] : utf8;
        if (utf8.IsEmpty)
        {
            return new(Http.Problem.BadRequest("The request has no body. Send JSON."));
        }

        if (!Utf8.IsValid(utf8))
        {
            return new(Http.Problem.BadRequest("The body is not valid UTF-8."));
        }

        if (LoneSurrogates.Find(utf8) is >= 0 and var index)
        {
            return new(
                Http.Problem.BadRequest(
                    $"The text at {JsonDefects.Place(utf8, index)} is not Unicode: half of a surrogate pair is missing."
                )
            );
        }

        try
        {
            return new(JsonElement.Parse(utf8, s_uniqueMembers));
        }
        catch (JsonException)
        {
            return new(Http.Problem.BadRequest(JsonDefects.Describe(utf8)));
        }
    }

    private static async Task<JsonBody> ReadAsync(HttpRequest request, bool mergePatch, CancellationToken cancellationToken)
    {
        if (!HasType(request, mergePatch))
        {
            return new(
                Http.Problem.Of(
                    StatusCodes.Status415UnsupportedMediaType,
                    $"The Content-Type must be {(mergePatch ? $"{MergePatch} or {Json}" : Json)}, in UTF-8."
                )
            );
        }

        if (!HasNoEncoding(request.Headers.ContentEncoding))
        {
            return new(
                Http.Problem.Of(
                    StatusCodes.Status415UnsupportedMediaType,
                    "The body must not be compressed: send it without Content-Encoding."
                )
            );
        }

        if (request.ContentLength > MaxBytes)
        {
            return TooLarge();
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4095) + 1);
        try
        {
            var length = 0;
            int read;
            while ((read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            {
                length += read;
                if (length > MaxBytes)
                {
                    return TooLarge();
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.CopyTo(larger, 0);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return Parse(buffer.AsSpan(0, length));
        }
        catch (IOException malformed) when (malformed is not BadHttpRequestException)
        {
            // Such as the size of a chunk that is not a number: not a fault of ours.
            throw new BadHttpRequestException("The body can't be read.", malformed);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    private static bool HasType(HttpRequest request, bool mergePatch) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
        && (
            type.MediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
            || (mergePatch && type.MediaType.Equals(MergePatch, StringComparison.OrdinalIgnoreCase))
        )
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    private static bool HasNoEncoding(StringValues encodings) =>
        encodings.All(encoding => encoding is null or "" || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase));

    private static JsonBody TooLarge() =>
        new(Http.Problem.Of(StatusCodes.Status413PayloadTooLarge, $"The body may be at most {MaxBytes} bytes."));
}
