using System.Text.RegularExpressions;

namespace TestSupport.App;

/// <summary>The inbox of an app that was started with <c>--demo</c>.</summary>
internal static partial class DemoInbox
{
    /// <summary>Where the app says that it is shown, at its last start.</summary>
    public static Uri Of(AppProcess app) => new(Line().Matches(app.Output)[^1].Groups["url"].Value);

    /// <summary>The requests that the inbox received, newest first.</summary>
    public static async Task<IReadOnlyList<InboxRequestResult>> Requests(HttpClient client, Uri inbox) =>
        ClientJson.Read<InboxResult>(await client.GetStringAsync(new Uri(inbox, "/requests"))).Requests;

    [GeneratedRegex(@"^\s+Inbox\s+(?<url>http://\S+)\s*$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1000)]
    private static partial Regex Line();
}
