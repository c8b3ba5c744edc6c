using System.Reflection;
using Waybill.Grains.Sourcing.Sagas;

namespace Waybill.Grains.Sourcing;

/// <summary>A kind of stream: that of an aggregate, or of a saga.</summary>
/// <param name="Category">The category of its streams.</param>
/// <param name="Rules">The type with its rules.</param>
/// <param name="Event">What all its events are derived from.</param>
/// <param name="IsSaga">Whether it is a saga.</param>
public sealed record StreamKind(string Category, Type Rules, Type Event, bool IsSaga)
{
    /// <summary>
    /// Every kind for which an assembly has the rules, by category. They are found by what they are, so that whoever
    /// adds one has nothing to enter.
    /// </summary>
    public static IReadOnlyList<StreamKind> AllIn(Assembly assembly) =>
    [
        .. from type in assembly.GetTypes()
           where !type.IsGenericTypeDefinition
           from contract in type.GetInterfaces()
           where contract.IsGenericType && contract.GenericTypeArguments[0] == type
           let kind = Of(type, contract)
           where kind is not null
           orderby kind.Category
           select kind,
    ];

    private static StreamKind? Of(Type type, Type contract)
    {
        if (contract.GetGenericTypeDefinition() == typeof(IAggregate<,,>))
            return Make(nameof(OfAggregate), contract.GenericTypeArguments);
        return contract.GetGenericTypeDefinition() == typeof(ISaga<>) ? Make(nameof(OfSaga), [type]) : null;
    }

    private static StreamKind Make(string maker, Type[] arguments) =>
        (StreamKind)typeof(StreamKind).GetMethod(maker, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(arguments)
            .Invoke(null, null)!;

    private static StreamKind OfAggregate<TState, TCommand, TEvent>()
        where TState : class, IAggregate<TState, TCommand, TEvent>
        where TEvent : class => new(TState.Category, typeof(TState), typeof(TEvent), IsSaga: false);

    private static StreamKind OfSaga<TSaga>()
        where TSaga : class, ISaga<TSaga> => new(TSaga.Category, typeof(TSaga), typeof(SagaEvent), IsSaga: true);
}
