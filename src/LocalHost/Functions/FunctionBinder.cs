using System.Linq.Expressions;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace LocalHost.Functions;

/// <summary>
/// Compiles a method to a delegate that creates its class, binds its parameters and calls it, so that invocations don't use reflection.
/// </summary>
internal sealed class FunctionBinder
{
    private static readonly Task<object?> s_noResult = Task.FromResult<object?>(null);

    private readonly Dictionary<Type, ObjectFactory> _factories = [];

    public Func<LocalFunctionContext, Task<object?>> Compile(MethodInfo method, ParameterInfo trigger)
    {
        var context = Expression.Parameter(typeof(LocalFunctionContext), "context");
        var arguments = method.GetParameters().Select(parameter => Bind(parameter, trigger, context));
        var call = Expression.Call(method.IsStatic ? null : Instance(method.DeclaringType!, context), method, arguments);
        return Expression.Lambda<Func<LocalFunctionContext, Task<object?>>>(Awaitable(call, method.ReturnType), context).Compile();
    }

    private UnaryExpression Instance(Type type, ParameterExpression context)
    {
        if (!_factories.TryGetValue(type, out var factory))
        {
            _factories[type] = factory = ActivatorUtilities.CreateFactory(type, []);
        }

        var services = Expression.Property(context, nameof(LocalFunctionContext.InstanceServices));
        return Expression.Convert(
            Expression.Invoke(Expression.Constant(factory), services, Expression.Constant(null, typeof(object?[]))),
            type
        );
    }

    private static Expression Bind(ParameterInfo parameter, ParameterInfo trigger, ParameterExpression context)
    {
        var type = parameter.ParameterType;
        if (parameter == trigger)
        {
            return Expression.Convert(Expression.Property(context, nameof(LocalFunctionContext.TriggerValue)), type);
        }

        if (type == typeof(FunctionContext))
        {
            return Expression.Convert(context, type);
        }

        if (type == typeof(CancellationToken))
        {
            return Expression.Property(context, nameof(LocalFunctionContext.CancellationToken));
        }

        if (type == typeof(ServiceBusMessageActions))
        {
            var features = Expression.Property(context, nameof(LocalFunctionContext.TriggerFeatures));
            return Expression.Property(features, nameof(InvocationFeatures.MessageActions));
        }

        return Helper(nameof(RouteValue), [], context, Expression.Constant(parameter.Name));
    }

    private static Expression Awaitable(MethodCallExpression call, Type returns)
    {
        if (returns == typeof(void))
        {
            return Expression.Block(call, Expression.Constant(s_noResult));
        }

        if (returns == typeof(Task))
        {
            return Helper(nameof(AwaitVoid), [], call);
        }

        return returns.IsGenericType && returns.GetGenericTypeDefinition() == typeof(Task<>)
            ? Helper(nameof(AwaitResult), returns.GetGenericArguments(), call)
            : Helper(nameof(Result), [], Expression.Convert(call, typeof(object)));
    }

    private static MethodCallExpression Helper(string name, Type[] typeArguments, params Expression[] arguments) =>
        Expression.Call(typeof(FunctionBinder), name, typeArguments, arguments);

    private static async Task<object?> AwaitResult<T>(Task<T> task) => await task;

    private static async Task<object?> AwaitVoid(Task task)
    {
        await task;
        return null;
    }

    private static Task<object?> Result(object? value) => Task.FromResult(value);

    private static string? RouteValue(LocalFunctionContext context, string name) =>
        ((HttpRequest)context.TriggerValue).RouteValues[name]?.ToString();
}
