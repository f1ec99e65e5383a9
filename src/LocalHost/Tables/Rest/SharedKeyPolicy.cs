using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;

namespace LocalHost.Tables.Rest;

/// <summary>Signs requests by Shared Key Lite for the Table service: the date and the resource, each on a line.</summary>
internal sealed class SharedKeyPolicy(StorageAccount account, TimeProvider time) : HttpPipelineSynchronousPolicy
{
    public override void OnSendingRequest(HttpMessage message)
    {
        var date = time.GetUtcNow().ToString("r", CultureInfo.InvariantCulture);
        var text = $"{date}\n/{account.Name}{message.Request.Uri.ToUri().AbsolutePath}";
        var signature = HMACSHA256.HashData(account.Key, Encoding.UTF8.GetBytes(text));
        message.Request.Headers.SetValue("x-ms-date", date);
        message.Request.Headers.SetValue(HttpHeader.Names.Authorization, $"SharedKeyLite {account.Name}:{Convert.ToBase64String(signature)}");
    }
}
