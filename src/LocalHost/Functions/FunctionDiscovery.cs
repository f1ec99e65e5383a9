using System.Reflection;
using System.Runtime.CompilerServices;
using Azure.Messaging.ServiceBus;
using LocalHost.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace LocalHost.Functions;

/// <summary>Finds the functions at start. Everything that the Functions host or worker would reject or ignore is an error.</summary>
internal sealed class FunctionDiscovery
{
    private readonly string _routePrefix;
    private readonly List<string> _errors = [];
    private readonly FunctionBinder _binder = new();

    private FunctionDiscovery(string routePrefix) => _routePrefix = routePrefix;

    public static IEnumerable<Type> TypesOf(Assembly assembly) =>
        assembly.GetTypes().Where(type => type is { IsClass: true, ContainsGenericParameters: false } && !type.Name.StartsWith('<'));

    /// <returns>The functions ordered by name.</returns>
    /// <exception cref="StartupException">Some functions are not valid; the message lists all errors.</exception>
    public static IReadOnlyList<FunctionMethod> Find(IEnumerable<Type> types, string routePrefix)
    {
        var discovery = new FunctionDiscovery(routePrefix);
        var functions = types
            .SelectMany(discovery.FunctionsOf)
            .OrderBy(function => function.Name, StringComparer.OrdinalIgnoreCase)
            .ToList();
        discovery.CheckNames(functions);
        discovery.CheckRoutes(functions);
        return discovery._errors.Count == 0
            ? functions
            : throw new StartupException(
                "The functions can't be loaded:\n" + string.Join('\n', discovery._errors.Select(error => "- " + error))
            );
    }

    private IEnumerable<FunctionMethod> FunctionsOf(Type type)
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var method in type.GetMethods(All))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is { } attribute && Check(method, attribute.Name) is { } function)
            {
                yield return function;
            }
        }
    }

    private FunctionMethod? Check(MethodInfo method, string name)
    {
        var type = method.DeclaringType!;
        var before = _errors.Count;
        void Error(string message) => _errors.Add($"{name} ({type.Name}.{method.Name}): {message}");

        if (!IsValidName(name))
        {
            Error("a name must be a letter and up to 127 letters, digits, hyphens and underscores.");
        }

        if (!method.IsPublic || method.IsGenericMethod || (type.IsAbstract && !method.IsStatic))
        {
            Error("a function must be a public, non-generic method of a class that can be created.");
        }

        var triggers = method.GetParameters().Where(parameter => parameter.IsDefined(typeof(TriggerBindingAttribute))).ToList();
        if (triggers.Count != 1)
        {
            Error($"a function must have one trigger, not {triggers.Count}.");
            return null;
        }

        var trigger = triggers[0];
        var binding = trigger.GetCustomAttribute<TriggerBindingAttribute>()!;
        CheckTrigger(trigger, binding, Error);
        var route = binding is HttpTriggerAttribute http ? ParseRoute(http, name, Error) : null;
        foreach (var parameter in method.GetParameters().Where(parameter => parameter != trigger))
        {
            if (!CanBind(parameter, binding, route))
            {
                Error($"the parameter '{parameter.Name}' of type {parameter.ParameterType.Name} can't be bound.");
            }
        }

        CheckReturn(method, binding, Error);
        return _errors.Count > before
            ? null
            : new FunctionMethod(new LocalFunctionDefinition(name), trigger, binding, route, _binder.Compile(method, trigger));
    }

    private static void CheckTrigger(ParameterInfo trigger, TriggerBindingAttribute binding, Action<string> error)
    {
        var expected = binding switch
        {
            HttpTriggerAttribute => typeof(HttpRequest),
            ServiceBusTriggerAttribute { IsBatched: true } => typeof(ServiceBusReceivedMessage[]),
            ServiceBusTriggerAttribute => typeof(ServiceBusReceivedMessage),
            TimerTriggerAttribute => typeof(TimerInfo),
            _ => null,
        };
        if (trigger.ParameterType != expected)
        {
            error($"{binding.GetType().Name} binds {expected?.Name}, but '{trigger.Name}' is of type {trigger.ParameterType.Name}.");
        }

        if (binding is HttpTriggerAttribute { AuthLevel: not AuthorizationLevel.Anonymous })
        {
            error("the local host doesn't support function keys: use AuthorizationLevel.Anonymous.");
        }
    }

    private RoutePattern? ParseRoute(HttpTriggerAttribute http, string name, Action<string> error)
    {
        var route = string.IsNullOrEmpty(http.Route) ? name : http.Route.Trim('/');
        if (_routePrefix.Length == 0 && IsReserved(route))
        {
            error($"the route '{route}' is reserved by the Functions host.");
        }

        try
        {
            return RoutePatternFactory.Parse(_routePrefix.Length == 0 ? route : $"{_routePrefix}/{route}");
        }
        catch (RoutePatternException exception)
        {
            error($"the route '{route}' is not valid: {exception.Message}");
            return null;
        }
    }

    private static bool CanBind(ParameterInfo parameter, TriggerBindingAttribute binding, RoutePattern? route)
    {
        var type = parameter.ParameterType;
        return type == typeof(FunctionContext)
            || type == typeof(CancellationToken)
            || (type == typeof(ServiceBusMessageActions) && binding is ServiceBusTriggerAttribute)
            || (type == typeof(string) && route?.GetParameter(parameter.Name!) is not null);
    }

    private static void CheckReturn(MethodInfo method, TriggerBindingAttribute binding, Action<string> error)
    {
        if (method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
        {
            error("async void can't be awaited: return Task.");
        }

        var result = ResultType(method);
        if (result is not null && !(binding is HttpTriggerAttribute && result.IsAssignableTo(typeof(IResult))))
        {
            error($"it returns {result.Name}; an HTTP function must return IResult, all others nothing.");
        }
    }

    /// <summary>The type of the result, awaited if it is a task; null for none.</summary>
    private static Type? ResultType(MethodInfo method)
    {
        var type = method.ReturnType;
        if (type == typeof(void) || type == typeof(Task))
        {
            return null;
        }

        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Task<>) ? type.GetGenericArguments()[0] : type;
    }

    private void CheckNames(List<FunctionMethod> functions)
    {
        foreach (
            var same in functions.GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1)
        )
        {
            _errors.Add($"{same.Key}: the name is used {same.Count()} times; function names must be unique.");
        }
    }

    private void CheckRoutes(List<FunctionMethod> functions)
    {
        var routes = new Dictionary<string, FunctionMethod>(StringComparer.OrdinalIgnoreCase);
        foreach (var function in functions.Where(function => function.Route is not null))
        {
            foreach (var method in function.HttpMethods ?? ["any"])
            {
                var route = $"{method} /{function.Route!.RawText}";
                if (!routes.TryAdd(route, function))
                {
                    _errors.Add($"{route}: used by both {routes[route].Name} and {function.Name}; routes must be unique.");
                }
            }
        }
    }

    private static bool IsValidName(string name) =>
        name.Length is > 0 and <= 128 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static bool IsReserved(string route) => route.Split('/')[0].ToUpperInvariant() is "ADMIN" or "RUNTIME";
}
