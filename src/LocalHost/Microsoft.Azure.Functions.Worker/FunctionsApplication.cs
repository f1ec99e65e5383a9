using System.Reflection;
using System.Runtime.CompilerServices;
using LocalHost.Functions;
using LocalHost.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker
{
    public interface IFunctionsWorkerApplicationBuilder
    {
        IServiceCollection Services { get; }

        IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware);
    }
}

namespace Microsoft.Azure.Functions.Worker.Builder
{
    public class FunctionsApplication
    {
        private FunctionsApplication() { }

        // The functions are those of the assembly that asks: the program's own, also when a test calls its entry point.
        [MethodImpl(MethodImplOptions.NoInlining)]
        public static FunctionsApplicationBuilder CreateBuilder(string[] args) =>
            ProcessHost.CreateBuilder(args, Assembly.GetCallingAssembly());
    }

    public class FunctionsApplicationBuilder : IHostApplicationBuilder, IFunctionsWorkerApplicationBuilder
    {
        private readonly LocalHostBuilder _local;

        internal FunctionsApplicationBuilder(LocalHostBuilder local) => _local = local;

        public IDictionary<object, object> Properties => ((IHostApplicationBuilder)_local.Web).Properties;

        public ConfigurationManager Configuration => _local.Web.Configuration;

        IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

        public IHostEnvironment Environment => _local.Web.Environment;

        public ILoggingBuilder Logging => _local.Web.Logging;

        public IMetricsBuilder Metrics => _local.Web.Metrics;

        public IServiceCollection Services => _local.Web.Services;

        public IHost Build() => _local.Build();

        public IFunctionsWorkerApplicationBuilder Use(Func<FunctionExecutionDelegate, FunctionExecutionDelegate> middleware)
        {
            _local.Use(middleware);
            return this;
        }

        void IHostApplicationBuilder.ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure) =>
            ((IHostApplicationBuilder)_local.Web).ConfigureContainer(factory, configure);
    }

    public static class FunctionsApplicationBuilderAspNetCoreExtensions
    {
        /// <summary>Answers HTTP triggers with the <c>IResult</c> that the function returns or a middleware sets.</summary>
        public static FunctionsApplicationBuilder ConfigureFunctionsWebApplication(this FunctionsApplicationBuilder builder)
        {
            builder.Use(HttpResults.Middleware);
            return builder;
        }
    }
}

namespace Microsoft.Extensions.Hosting
{
    public static class MiddlewareWorkerApplicationBuilderExtensions
    {
        /// <summary><typeparamref name="T"/> becomes a singleton; middleware runs in the order in which it is added.</summary>
        public static IFunctionsWorkerApplicationBuilder UseMiddleware<T>(this IFunctionsWorkerApplicationBuilder builder)
            where T : class, IFunctionsWorkerMiddleware
        {
            builder.Services.AddSingleton<T>();
            return builder.Use(next => context => context.InstanceServices.GetRequiredService<T>().Invoke(context, next));
        }
    }
}
