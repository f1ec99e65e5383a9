using EventSubscriptions.Options;
using FunctionsApp;
using Microsoft.Extensions.Hosting;

// Invalid settings are a message and an exit code, not a crash.
try
{
    using var app = AzureApp.CreateBuilder(args).Build();
    app.Services.CheckSettings();
    await app.RunAsync();
    return 0;
}
catch (InvalidSettingsException exception)
{
    await Console.Error.WriteLineAsync(exception.Message);
    return 1;
}
