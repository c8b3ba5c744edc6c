using System.Reflection;

namespace Orleans.Runtime;

/// <summary>Calls with filters around them. Without filters a call does not come here.</summary>
internal static class CallFilters
{
    internal static async Task<TResult> SendThrough<TResult>(
        GrainMethod<TResult> method, GrainReferenceProxy target, object?[] arguments)
    {
        var filters = target.Runtime.OutgoingFilters;
        var call = new Outgoing(method, target);
        call.Next = async index =>
        {
            if (index < filters.Length) await filters[index].Invoke(call);
            else call.Result = Visible(await method.Send(target, arguments, out _));
        };
        await call.Invoke();
        return ResultOf<TResult>(call);
    }

    internal static async Task<TResult> RunThrough<TResult>(
        GrainMethod<TResult> method, Activation activation, Message<TResult> message)
    {
        var filters = activation.Runtime.IncomingFilters;
        var own = activation.GrainInstance as IIncomingGrainCallFilter;
        var call = new Incoming(method, activation, message.Target.GrainId, message.SourceActivation?.GrainId);
        call.Next = async index =>
        {
            if (index < filters.Length) await filters[index].Invoke(call);
            else if (index == filters.Length && own is not null) await own.Invoke(call);
            else call.Result = Visible(await method.Invoke(activation, message.Arguments));
        };
        await call.Invoke();
        return ResultOf<TResult>(call);
    }

    private static object? Visible<TResult>(TResult result) => result is GrainMethod.Nothing ? null : result;

    private static TResult ResultOf<TResult>(CallContext call) => call switch
    {
        { IsAnswered: false } => throw new InvalidOperationException(
            $"A filter of {call.InterfaceName}.{call.MethodName} neither went on with the call nor set a result."),
        { Result: null } => default!,
        _ => (TResult)call.Result,
    };

    private abstract class CallContext(GrainMethod method, GrainId targetId, GrainId? sourceId) : IGrainCallContext
    {
        private int _index = -1;

        internal Func<int, Task> Next { get; set; } = null!;

        public abstract object Grain { get; }

        public GrainId? SourceId => sourceId;

        public GrainId TargetId => targetId;

        public MethodInfo InterfaceMethod => method.Info;

        public string InterfaceName => method.Interface.Name;

        public string MethodName => method.Info.Name;

        public GrainInterfaceType InterfaceType => GrainTypes.NameOf(method.Interface);

        public object? Result
        {
            get;
            set => (field, IsAnswered) = (value, true);
        }

        /// <summary>Whether there is a result, be it null.</summary>
        internal bool IsAnswered { get; private set; }

        // A filter that goes on a second time, to try again, goes on from where it stands.
        public async Task Invoke()
        {
            try
            {
                await Next(++_index);
            }
            finally
            {
                _index--;
            }
        }
    }

    private sealed class Outgoing(GrainMethod method, GrainReferenceProxy target)
        : CallContext(method, target.GrainId, Activation.Current?.GrainId), IOutgoingGrainCallContext
    {
        public override object Grain => target;

        public IGrainContext? SourceContext { get; } = Activation.Current;
    }

    private sealed class Incoming(GrainMethod method, Activation activation, GrainId targetId, GrainId? sourceId)
        : CallContext(method, targetId, sourceId), IIncomingGrainCallContext
    {
        private readonly GrainMethod _method = method;

        public override object Grain => activation.GrainInstance!;

        public IGrainContext TargetContext => activation;

        public MethodInfo ImplementationMethod
        {
            get
            {
                var map = Grain.GetType().GetInterfaceMap(_method.Interface);
                var called = _method.Info;
                var definition = called.IsGenericMethod ? called.GetGenericMethodDefinition() : called;
                return map.TargetMethods[Array.IndexOf(map.InterfaceMethods, definition)];
            }
        }
    }
}
