using Orleans.Runtime;

namespace Orleans
{
    /// <summary>Why an activation ends.</summary>
    [GenerateSerializer]
    public enum DeactivationReasonCode : byte
    {
        None = 0,
        ShuttingDown = 1,
        ActivationFailed = 2,
        DirectoryFailure = 3,
        ActivationIdle = 4,
        ActivationUnresponsive = 5,
        DuplicateActivation = 6,
        IncompatibleRequest = 7,
        ApplicationError = 8,
        ApplicationRequested = 9,
        Migrating = 10,
        RuntimeRequested = 11,
        HighMemoryPressure = 12,
    }

    /// <summary>Why an activation ends, in a code and in words.</summary>
    public readonly struct DeactivationReason
    {
        /// <summary>A reason without an error.</summary>
        public DeactivationReason(DeactivationReasonCode code, string text)
            : this(code, null, text)
        {
        }

        /// <summary>A reason with the error that led to it.</summary>
        public DeactivationReason(DeactivationReasonCode code, Exception? exception, string text) =>
            (ReasonCode, Exception, Description) = (code, exception, text);

        /// <summary>The code.</summary>
        public DeactivationReasonCode ReasonCode { get; }

        /// <summary>The words.</summary>
        public string Description { get; }

        /// <summary>The error, if there was one.</summary>
        public Exception? Exception { get; }

        /// <inheritdoc/>
        public override string ToString() =>
            Exception is null ? $"{ReasonCode}: {Description}" : $"{ReasonCode}: {Description} {Exception.Message}";
    }
}

namespace Orleans.Runtime
{
    /// <summary>
    /// One activation: an object in memory that stands for a grain, and what the runtime knows of it.
    /// </summary>
    public interface IGrainContext : IEquatable<IGrainContext>
    {
        /// <summary>The grain.</summary>
        GrainId GrainId { get; }

        /// <summary>The grain object, once it is made.</summary>
        object? GrainInstance { get; }

        /// <summary>The services of this activation.</summary>
        IServiceProvider ActivationServices { get; }

        /// <summary>What happens when the activation starts and ends.</summary>
        IGrainLifecycle ObservableLifecycle { get; }

        /// <summary>Completes when the activation has ended.</summary>
        Task Deactivated { get; }

        /// <summary>Ends the activation as soon as the calls under way have ended.</summary>
        void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
    }

    /// <summary>Stages of an activation's start, in their order.</summary>
    public static class GrainLifecycleStage
    {
        /// <summary>Before all others.</summary>
        public const int First = int.MinValue;

        /// <summary>Persistent state is read here.</summary>
        public const int SetupState = 1000;

        /// <summary>The grain's own activation.</summary>
        public const int Activate = 2000;

        /// <summary>After all others.</summary>
        public const int Last = int.MaxValue;
    }
}
