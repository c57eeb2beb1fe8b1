using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Akka.Actor;

/// <summary>Calls one constructor with the same arguments each time.</summary>
internal sealed class ActivatorProducer : IIndirectActorProducer
{
    // An invoker compiles itself once it has been used a few times, so all recipes of one constructor share one.
    private static readonly ConditionalWeakTable<ConstructorInfo, ConstructorInvoker> Invokers = [];

    private readonly object[] _arguments;
    private ConstructorInvoker _invoker;

    public ActivatorProducer(Type actorType, object[] arguments)
    {
        ActorType = actorType;
        _arguments = arguments;
    }

    public ActivatorProducer(ConstructorInfo constructor, object[] arguments)
        : this(constructor.DeclaringType, arguments)
    {
        _invoker = InvokerOf(constructor);
    }

    public Type ActorType { get; }

    public ActorBase Produce()
    {
        var invoker = _invoker ??= FindConstructor();
        try
        {
            // Optional parameters that the arguments leave out need the slow way round.
            return invoker is null
                ? (ActorBase)Activator.CreateInstance(ActorType, BindingFlags.CreateInstance | BindingFlags.Public | BindingFlags.Instance
                    | BindingFlags.OptionalParamBinding, null, _arguments, null)
                : (ActorBase)invoker.Invoke(_arguments.AsSpan());
        }
        catch (TargetInvocationException wrapped) when (wrapped.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Capture(inner).Throw();
            throw;
        }
    }

    public void Release(ActorBase actor)
    {
    }

    private static ConstructorInvoker InvokerOf(ConstructorInfo constructor) => Invokers.GetValue(constructor, ConstructorInvoker.Create);

    private ConstructorInvoker FindConstructor()
    {
        if (ActorType.IsAbstract) throw new MissingMethodException($"[{ActorType}] is abstract and cannot be an actor.");
        var candidates = ActorType.GetConstructors().Where(Fits).ToList();
        return candidates.Count == 1 ? InvokerOf(candidates[0]) : null;
    }

    private bool Fits(ConstructorInfo constructor)
    {
        var parameters = constructor.GetParameters();
        if (parameters.Length != _arguments.Length) return false;
        for (var i = 0; i < parameters.Length; i++)
        {
            var type = parameters[i].ParameterType;
            var fits = _arguments[i] is null
                ? !type.IsValueType || Nullable.GetUnderlyingType(type) is not null
                : type.IsInstanceOfType(_arguments[i]);
            if (!fits) return false;
        }

        return true;
    }
}
