using EventSubscriptions;
using EventSubscriptions.Options;
using EventSubscriptions.Telemetry;
using FunctionsApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.AddEventSubscriptions();
builder.Services.AddSingleton<ITelemetryDestination, AzureMonitor>();

var app = builder.Build();
app.Services.CheckSettings();
await app.RunAsync();
