using System.Buffers;
using System.Globalization;
using System.Text;
using Azure;
using Azure.Core;

namespace LocalHost.Tables.Rest;

/// <summary>One request of a transaction, before it has a wire form.</summary>
internal sealed record TransactionPart(RequestMethod Method, Uri Uri, string? IfMatch, ReadOnlyMemory<byte> Json);

/// <summary>An entity group transaction: <c>multipart/mixed</c> with one changeset, each part an HTTP request or response.</summary>
internal static class TransactionBody
{
    public static (string ContentType, ReadOnlyMemory<byte> Body) Write(IEnumerable<TransactionPart> parts)
    {
        var (batch, changeset) = ($"batch_{Guid.NewGuid()}", $"changeset_{Guid.NewGuid()}");
        var body = new ArrayBufferWriter<byte>(4096);
        Append(body, $"--{batch}\r\nContent-Type: multipart/mixed; boundary={changeset}\r\n\r\n");
        foreach (var part in parts)
        {
            Append(body, $"--{changeset}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n");
            Append(body, $"{part.Method} {part.Uri.AbsoluteUri} HTTP/1.1\r\nAccept: application/json;odata=minimalmetadata\r\nDataServiceVersion: 3.0\r\n");
            if (part.Method == RequestMethod.Post)
            {
                Append(body, "Prefer: return-no-content\r\n");
            }

            if (part.IfMatch is not null)
            {
                Append(body, $"If-Match: {part.IfMatch}\r\n");
            }

            if (!part.Json.IsEmpty)
            {
                Append(body, string.Create(CultureInfo.InvariantCulture, $"Content-Type: application/json\r\nContent-Length: {part.Json.Length}\r\n"));
            }

            Append(body, "\r\n");
            body.Write(part.Json.Span);
            Append(body, "\r\n");
        }

        Append(body, $"--{changeset}--\r\n--{batch}--\r\n");
        return ($"multipart/mixed; boundary={batch}", body.WrittenMemory);
    }

    /// <summary>The responses within, in order. A refused transaction has a single one.</summary>
    public static List<Response> Read(Stream body)
    {
        using var reader = new StreamReader(body, Encoding.UTF8);
        var responses = new List<Response>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal))
            {
                var status = int.Parse(line.AsSpan(9, 3), CultureInfo.InvariantCulture);
                responses.Add(ReadResponse(reader, status));
            }
        }

        return responses;
    }

    private static StoredResponse ReadResponse(StreamReader reader, int status)
    {
        var headers = new List<HttpHeader>();
        string? line;
        while ((line = reader.ReadLine()) is { Length: > 0 })
        {
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
            {
                headers.Add(new HttpHeader(line[..colon], line[(colon + 1)..].Trim()));
            }
        }

        var content = new StringBuilder();
        while (line is not null && (line = reader.ReadLine()) is not null && !line.StartsWith("--", StringComparison.Ordinal))
        {
            content.Append(line);
        }

        return new StoredResponse(status, headers, content.ToString());
    }

    private static void Append(ArrayBufferWriter<byte> body, string text) => Encoding.UTF8.GetBytes(text, body);
}
