namespace LocalHost.Hosting;

/// <summary>The text that the host prints when it is ready. Scripts wait for its last line, <c>Ready on URL</c>.</summary>
/// <param name="parts">What the host is made of.</param>
/// <param name="adminKey">The admin key if it was generated at this start, to be shown once; otherwise where to find it.</param>
internal sealed class Banner(HostParts parts, string adminKey)
{
    /// <param name="url">The address of the app.</param>
    /// <param name="inbox">The address of the demo's inbox, or null.</param>
    public void Print(string url, Uri? inbox)
    {
        var output = parts.Output;
        output.WriteLine();
        output.WriteLine(
            $"  Event Subscriptions {HostParts.Version}{(parts.CommandLine.Paused ? ", paused: only test events are delivered, no timer runs" : "")}"
        );
        output.WriteLine();
        output.WriteLine($"  Portal     {url}/portal");
        if (inbox is not null)
        {
            output.WriteLine($"  Inbox      {inbox}");
        }

        output.WriteLine($"  Data       {parts.CommandLine.DataDirectory}");
        output.WriteLine($"  Admin key  {adminKey}");
        output.WriteLine($"Ready on {url}");
        output.Flush();
    }
}
