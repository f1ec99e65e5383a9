using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace LocalHost.Hosting;

/// <summary>
/// <c>backup DIR</c>: asks the app that runs on the data folder to copy its state. The app stores its address in the folder, and accepts
/// the request with the admin key, from this machine only.
/// </summary>
internal static class Backup
{
    public const string Route = "/_localhost/backup";

    private const string UrlFile = "url";
    private const string Target = "to";

    /// <exception cref="StartupException">No app is running on the folder, or it can't create the backup.</exception>
    public static async Task RequestAsync(CommandLine commandLine, IConfiguration environment)
    {
        var folder = commandLine.DataDirectory;
        if (!DataFolder.HasData(folder))
        {
            throw new StartupException($"There is no data in {folder}. Name the folder of the running app with --data.");
        }

        var (settings, _) = LocalSettings.For(folder, environment, hasData: true);
        var key = settings.GetValueOrDefault(LocalSettings.AdminKey) ?? environment[LocalSettings.AdminKey]!;
        await using var services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.DefaultRequestHeaders.Add("x-api-key", key);
        try
        {
            var url = await File.ReadAllTextAsync(Path.Combine(folder, UrlFile));
            using var response = await client.PostAsync(
                new Uri($"{url}{Route}?{Target}={Uri.EscapeDataString(commandLine.BackupDirectory!)}"),
                content: null
            );
            if (!response.IsSuccessStatusCode)
            {
                throw new StartupException(
                    $"The app on {folder} could not create the backup: {await response.Content.ReadAsStringAsync()}"
                );
            }
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException)
        {
            throw new StartupException($"No app is running on {folder}. A folder that is not in use can be copied as it is.");
        }
    }

    /// <summary>Stores the address of this app for <see cref="RequestAsync"/>.</summary>
    public static void Announce(string dataDirectory, string url) => File.WriteAllText(Path.Combine(dataDirectory, UrlFile), url);

    /// <summary>Handles a request for a backup.</summary>
    public static async Task HandleAsync(HttpContext context, DataFolder folder, string adminKey)
    {
        var (status, text) = BackUp(context, folder, adminKey);
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static (int Status, string Text) BackUp(HttpContext context, DataFolder folder, string adminKey)
    {
        if (
            !AdminEndpoints.HasKey(context.Request, adminKey)
            || context.Connection.RemoteIpAddress is not { } address
            || !IPAddress.IsLoopback(address)
        )
        {
            return (StatusCodes.Status401Unauthorized, "A backup requires the admin key and a request from this machine.");
        }

        if (context.Request.Query[Target].ToString() is not { Length: > 0 } target || !Path.IsPathFullyQualified(target))
        {
            return (StatusCodes.Status400BadRequest, $"{Target} must be the full path of a new folder.");
        }

        try
        {
            folder.Backup(target);
            return (StatusCodes.Status200OK, "");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (StatusCodes.Status409Conflict, exception.Message);
        }
    }
}
