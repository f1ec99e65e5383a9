using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Data.Tables;

namespace LocalHost.Tables.Rest;

/// <summary>Reads <c>{"odata.error":{"code":…,"message":{"value":…}}}</c>.</summary>
internal sealed class ODataError : RequestFailedDetailsParser
{
    public static readonly ODataError Parser = new();

    public override bool TryParse(Response response, [NotNullWhen(true)] out ResponseError? error, out IDictionary<string, string>? data)
    {
        data = null;
        error = null;
        if (response.ContentStream is not { CanSeek: true } stream)
        {
            return false;
        }

        try
        {
            stream.Position = 0;
            using var json = JsonDocument.Parse(stream);
            var details = json.RootElement.GetProperty("odata.error");
            error = new ResponseError(details.GetProperty("code").GetString(), details.GetProperty("message").GetProperty("value").GetString());
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return false;
        }
        finally
        {
            stream.Position = 0;
        }
    }

    public static RequestFailedException Failure(Response response) => new(response, null, Parser);

    /// <summary>The message of a refused transaction starts with the place of the action: <c>3:The specified entity already exists.</c></summary>
    public static TableTransactionFailedException TransactionFailure(Response response)
    {
        var failure = Failure(response);
        int? index = Parser.TryParse(response, out var error, out _) && error.Message is { } message && message.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon
            && int.TryParse(message.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : null;
        return new TableTransactionFailedException(failure) { FailedTransactionActionIndex = index };
    }
}
