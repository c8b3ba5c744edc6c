namespace Waybill.Grains.Sourcing.Sagas;

/// <summary>How often sagas try, and look after each other.</summary>
public sealed record SagaOptions
{
    /// <summary>The pause before a command that was not answered is sent again; doubled each time.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest such pause.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a saga with unanswered commands is left alone before it is woken: what its silo's death costs. Nearly
    /// all are over by then, and never looked at.
    /// </summary>
    public TimeSpan CheckPeriod { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long others have to answer whoever takes a saga over, before a deadline that has passed meanwhile lapses: an
    /// outage is not their silence.
    /// </summary>
    public TimeSpan TakeOverGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often each silo looks for sagas to wake: how late a deadline may be after a restart.</summary>
    public TimeSpan DuePeriod { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest pause before the due table is read again after a failure.</summary>
    public TimeSpan DuePauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many sagas a silo wakes at a time.</summary>
    public int ClaimMax { get; init; } = 100;

    /// <summary>
    /// How long a silo gathers what it settles in the due table: what it dies with wakes a saga for nothing.
    /// </summary>
    public TimeSpan SettlePause { get; init; } = TimeSpan.FromMilliseconds(50);
}
