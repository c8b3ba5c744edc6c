using Orleans.Runtime;

namespace Orleans
{
    /// <summary>A state on its way to or from storage.</summary>
    public interface IGrainState<T>
    {
        /// <summary>The state.</summary>
        T? State { get; set; }

        /// <summary>What storage calls this version of it; null if nothing is stored.</summary>
        string? ETag { get; set; }

        /// <summary>Whether storage has it.</summary>
        bool RecordExists { get; set; }
    }

    /// <inheritdoc/>
    [GenerateSerializer]
    public sealed class GrainState<T> : IGrainState<T>
    {
        /// <summary>No state.</summary>
        public GrainState()
        {
        }

        /// <summary>A state that is not stored.</summary>
        public GrainState(T? state)
            : this(state, null)
        {
        }

        /// <summary>A state that storage calls <paramref name="eTag"/>.</summary>
        public GrainState(T? state, string? eTag) => (State, ETag) = (state, eTag);

        /// <inheritdoc/>
        [Id(0)]
        public T? State { get; set; }

        /// <inheritdoc/>
        [Id(1)]
        public string? ETag { get; set; }

        /// <inheritdoc/>
        [Id(2)]
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>
    /// Where grains' state is kept. A host adds its own with <c>services.AddGrainStorage(name, factory)</c>. Writing
    /// and clearing change nothing and throw <see cref="InconsistentStateException"/> if the ETag is not the stored
    /// one.
    /// </summary>
    public interface IGrainStorage
    {
        /// <summary>Fills <paramref name="grainState"/>; with a new state and no ETag if nothing is stored.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="ReadStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task ReadStateAsync<T>(
            string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ReadStateAsync(stateName, grainId, grainState);

        /// <summary>Stores the state and sets its new ETag.</summary>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="WriteStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task WriteStateAsync<T>(
            string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            WriteStateAsync(stateName, grainId, grainState);

        /// <summary>Takes the state out of storage.</summary>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="ClearStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task ClearStateAsync<T>(
            string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>
    /// Somebody else has written the state since it was read. A grain that lets it escape from a call is deactivated,
    /// so that its next activation reads again.
    /// </summary>
    [GenerateSerializer]
    public class InconsistentStateException : OrleansException
    {
        public InconsistentStateException()
        {
        }

        public InconsistentStateException(string message)
            : base(message)
        {
        }

        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
            : base(errorMsg) => (StoredEtag, CurrentEtag) = (storedEtag, currentEtag);

        /// <summary>The ETag in storage.</summary>
        [Id(1)]
        public string? StoredEtag { get; private set; }

        /// <summary>The ETag that the writer had.</summary>
        [Id(2)]
        public string? CurrentEtag { get; private set; }

        /// <summary>
        /// Still at the grain whose state it is; false once it has left it, so that its callers live on.
        /// </summary>
        [Id(0)]
        internal bool IsSourceActivation { get; set; } = true;
    }

    /// <summary>A grain asks for a provider that the silo does not have.</summary>
    [GenerateSerializer]
    public sealed class BadProviderConfigException : OrleansException
    {
        public BadProviderConfigException()
        {
        }

        public BadProviderConfigException(string msg)
            : base(msg)
        {
        }

        public BadProviderConfigException(string msg, Exception exc)
            : base(msg, exc)
        {
        }
    }
}
