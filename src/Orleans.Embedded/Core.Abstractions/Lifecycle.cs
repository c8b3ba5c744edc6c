using Orleans.Runtime;

namespace Orleans
{
    /// <summary>Takes part in one stage of a lifecycle.</summary>
    public interface ILifecycleObserver
    {
        /// <summary>Called when the stage is reached on the way up.</summary>
        Task OnStart(CancellationToken cancellationToken = default);

        /// <summary>Called when the stage is left on the way down, if it had been started.</summary>
        Task OnStop(CancellationToken cancellationToken = default);
    }

    /// <summary>A lifecycle that can be taken part in.</summary>
    public interface ILifecycleObservable
    {
        /// <summary>Adds an observer to a stage. Disposing what is returned takes it out.</summary>
        IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer);
    }

    /// <summary>Something that takes part in a lifecycle once it is asked to.</summary>
    public interface ILifecycleParticipant<TLifecycleObservable>
        where TLifecycleObservable : ILifecycleObservable
    {
        /// <summary>Subscribes to the stages it cares about.</summary>
        void Participate(TLifecycleObservable lifecycle);
    }

    /// <summary>Stages of a silo's start, in their order; it stops in the reverse one.</summary>
    public static class ServiceLifecycleStage
    {
        /// <summary>Before all others.</summary>
        public const int First = int.MinValue;

        /// <summary>The runtime's own parts are made.</summary>
        public const int RuntimeInitialize = 2000;

        /// <summary>The runtime's services start.</summary>
        public const int RuntimeServices = 4000;

        /// <summary>Storage starts.</summary>
        public const int RuntimeStorageServices = 6000;

        /// <summary>Services that need grains, such as reminders, start.</summary>
        public const int RuntimeGrainServices = 8000;

        /// <summary>The application's services start.</summary>
        public const int ApplicationServices = 10000;

        /// <summary>
        /// The silo joins the cluster; on the way down its grains have been deactivated when this is left.
        /// </summary>
        public const int BecomeActive = 19999;

        /// <summary>The silo serves.</summary>
        public const int Active = 20000;

        /// <summary>After all others.</summary>
        public const int Last = int.MaxValue;
    }

    /// <summary>Functions as observers.</summary>
    public static class LifecycleExtensions
    {
        /// <summary>Adds functions to a stage.</summary>
        public static IDisposable Subscribe(
            this ILifecycleObservable observable,
            string observerName,
            int stage,
            Func<CancellationToken, Task> onStart,
            Func<CancellationToken, Task> onStop) =>
            observable.Subscribe(observerName, stage, new Functions(onStart, onStop));

        /// <summary>Adds a function to a stage on the way up.</summary>
        public static IDisposable Subscribe(
            this ILifecycleObservable observable,
            string observerName,
            int stage,
            Func<CancellationToken, Task> onStart) =>
            observable.Subscribe(observerName, stage, new Functions(onStart, _ => Task.CompletedTask));

        private sealed class Functions(Func<CancellationToken, Task> onStart, Func<CancellationToken, Task> onStop)
            : ILifecycleObserver
        {
            public Task OnStart(CancellationToken cancellationToken = default) => onStart(cancellationToken);

            public Task OnStop(CancellationToken cancellationToken = default) => onStop(cancellationToken);
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>The lifecycle of a silo.</summary>
    public interface ISiloLifecycle : ILifecycleObservable;

    /// <summary>The lifecycle of one activation.</summary>
    public interface IGrainLifecycle : ILifecycleObservable;
}
