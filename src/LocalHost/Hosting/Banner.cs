namespace LocalHost.Hosting;

/// <summary>What a person needs to know to begin. Its last line, <c>Ready on URL</c>, tells scripts that the host answers.</summary>
/// <param name="parts">What the host is made of.</param>
/// <param name="adminKey">The admin key if it was made at this start, to be shown once; otherwise where it is.</param>
internal sealed class Banner(HostParts parts, string adminKey)
{
    /// <param name="url">Where the app listens.</param>
    /// <param name="inbox">Where the demo's inbox is shown, or null.</param>
    public void Print(string url, Uri? inbox)
    {
        var output = parts.Output;
        output.WriteLine();
        output.WriteLine($"  Event Subscriptions {HostParts.Version}{(parts.CommandLine.Paused ? ", paused: nothing is delivered, no timer runs" : "")}");
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
