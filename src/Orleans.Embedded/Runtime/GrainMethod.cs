using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>What is known of one method of a grain interface: how to send a call of it and how to run it.</summary>
internal abstract class GrainMethod
{
    private static readonly ConcurrentDictionary<MethodInfo, GrainMethod> Known = new();

    private readonly MethodInvoker _invoker;
    private readonly int _tokenAt;

    protected GrainMethod(MethodInfo method)
    {
        Info = method;
        _invoker = MethodInvoker.Create(method);
        _tokenAt = Array.FindIndex(
            method.GetParameters(), parameter => parameter.ParameterType == typeof(CancellationToken));
        OneWay = method.ReturnType == typeof(void) || method.IsDefined(typeof(OneWayAttribute));
        AlwaysInterleave = method.IsDefined(typeof(AlwaysInterleaveAttribute));
        ReadOnly = method.IsDefined(typeof(ReadOnlyAttribute));
        ResponseTimeout = (method.GetCustomAttribute<ResponseTimeoutAttribute>()
            ?? method.DeclaringType!.GetCustomAttribute<ResponseTimeoutAttribute>())?.Timeout;
        IsExtension = typeof(IGrainExtension).IsAssignableFrom(method.DeclaringType);
    }

    internal MethodInfo Info { get; }

    internal Type Interface => Info.DeclaringType!;

    internal bool OneWay { get; }

    internal bool AlwaysInterleave { get; }

    internal bool ReadOnly { get; }

    internal TimeSpan? ResponseTimeout { get; }

    /// <summary>Answered by something beside the grain object.</summary>
    internal bool IsExtension { get; }

    internal static GrainMethod For(MethodInfo method) => Known.GetOrAdd(method, Create);

    /// <summary>Sends a call and returns what the interface's method returns.</summary>
    internal abstract object? Call(GrainReferenceProxy target, object?[] arguments);

    /// <summary>
    /// The arguments as another silo gets them. A cancellation token stays the same one: cancelling reaches every silo.
    /// </summary>
    internal object?[] Transfer(object?[] arguments, RuntimeClient from, RuntimeClient to)
    {
        if (arguments.Length == 0) return arguments;
        var token = CancellationOf(arguments);
        var sent = arguments;
        if (_tokenAt >= 0)
        {
            sent = (object?[])arguments.Clone();
            sent[_tokenAt] = null;
        }

        var received = (object?[])to.Receive(from.Serializer.Serialize(sent))!;
        if (_tokenAt >= 0) received[_tokenAt] = token;
        return received;
    }

    protected CancellationToken CancellationOf(object?[] arguments) =>
        _tokenAt >= 0 ? (CancellationToken)arguments[_tokenAt]! : CancellationToken.None;

    protected object? InvokeOn(object target, object?[] arguments) => _invoker.Invoke(target, arguments.AsSpan());

    private static GrainMethod Create(MethodInfo method)
    {
        var returns = method.ReturnType;
        var definition = returns.IsGenericType ? returns.GetGenericTypeDefinition() : returns;
        var (result, kind) = definition switch
        {
            _ when returns == typeof(void) => (typeof(Nothing), Returns.Void),
            _ when returns == typeof(Task) => (typeof(Nothing), Returns.Task),
            _ when returns == typeof(ValueTask) => (typeof(Nothing), Returns.ValueTask),
            _ when definition == typeof(Task<>) => (returns.GetGenericArguments()[0], Returns.TaskOfResult),
            _ when definition == typeof(ValueTask<>) => (returns.GetGenericArguments()[0], Returns.ValueTaskOfResult),
            _ => throw new NotSupportedException(
                $"{method.DeclaringType}.{method.Name} returns {returns.Name}; "
                + "a grain's method returns Task, ValueTask or, one way, void."),
        };
        return (GrainMethod)Activator.CreateInstance(
            typeof(GrainMethod<>).MakeGenericType(result),
            BindingFlags.NonPublic | BindingFlags.Instance,
            null,
            [method, kind],
            null)!;
    }

    /// <summary>The result of a method that has none.</summary>
    internal readonly struct Nothing;

    internal enum Returns
    {
        Void,
        Task,
        TaskOfResult,
        ValueTask,
        ValueTaskOfResult,
    }
}

/// <inheritdoc/>
internal sealed class GrainMethod<TResult> : GrainMethod
{
    private readonly Returns _returns;

    internal GrainMethod(MethodInfo method, Returns returns)
        : base(method) => _returns = returns;

    internal override object? Call(GrainReferenceProxy target, object?[] arguments)
    {
        var answer = target.Runtime.OutgoingFilters.Length == 0
            ? Send(target, arguments, out _)
            : CallFilters.SendThrough(this, target, arguments);
        return _returns switch
        {
            Returns.Void => null,
            Returns.ValueTask => new ValueTask(answer),
            Returns.ValueTaskOfResult => new ValueTask<TResult>(answer),
            _ => answer,
        };
    }

    /// <summary>Sends a call; the task ends when it is answered, at once if it is one-way.</summary>
    internal Task<TResult> Send(GrainReferenceProxy target, object?[] arguments, out Message<TResult> message)
    {
        message = new Message<TResult>(this, target, arguments);
        var token = CancellationOf(arguments);
        if (token.IsCancellationRequested) return Task.FromCanceled<TResult>(token);
        target.Runtime.Send(message, ResponseTimeout);
        if (OneWay) return Task.FromResult(default(TResult)!);
        message.CancelWith(token);
        return message.Answer;
    }

    /// <summary>Runs a call on the activation's scheduler and answers it.</summary>
    internal async Task Run(Activation activation, Message<TResult> message)
    {
        var failed = false;
        try
        {
            if (message.ReceivedContext is not null) RequestContext.Current = message.ReceivedContext;
            var result = activation.HasIncomingFilters
                ? await CallFilters.RunThrough(this, activation, message)
                : await Invoke(activation, message.Arguments);
            message.Succeed(result);
        }
        catch (Exception exception)
        {
            failed = true;
            if (exception is InconsistentStateException { IsSourceActivation: true } stale) activation.EndStale(stale);
            message.FailFromReceiver(exception);
            if (OneWay)
            {
                activation.Logger.LogWarning(
                    exception, "One-way call {Method} on {Grain} failed.", Info.Name, activation.GrainId);
            }
        }

        activation.Completed(message, failed);
    }

    internal ValueTask<TResult> Invoke(Activation activation, object?[] arguments)
    {
        var returned = InvokeOn(activation.TargetOf(this), arguments);
        return _returns switch
        {
            Returns.Void => default,
            Returns.Task => AsResult(new ValueTask((Task)returned!)),
            Returns.ValueTask => AsResult((ValueTask)returned!),
            Returns.TaskOfResult => new ValueTask<TResult>((Task<TResult>)returned!),
            _ => (ValueTask<TResult>)returned!,
        };

        static ValueTask<TResult> AsResult(ValueTask task)
        {
            return task.IsCompletedSuccessfully ? default : Awaited(task);

            static async ValueTask<TResult> Awaited(ValueTask task)
            {
                await task;
                return default!;
            }
        }
    }
}
