using Waybill.Grains.Notifications;
using Waybill.Grains.Rides;

namespace Waybill.Silo;

/// <summary>The settings under <c>Waybill:</c>, from any configuration source.</summary>
public sealed class WaybillOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Waybill";

    /// <summary>The short names that some settings have on the command line.</summary>
    public static readonly IDictionary<string, string> Switches = new Dictionary<string, string>
    {
        ["--data"] = $"{Section}:{nameof(Data)}",
        ["--postgres"] = $"{Section}:{nameof(Postgres)}",
    };

    /// <summary>
    /// The directory that holds the SQLite file, relative to the working directory; made where it is missing.
    /// </summary>
    public string Data { get; set; } = "data";

    /// <summary>A PostgreSQL connection string; the events are kept there instead of in <see cref="Data"/>.</summary>
    public string? Postgres { get; set; }

    /// <summary>
    /// How many calls may wait for one grain before further ones are refused: about what a hot account works off within
    /// <see cref="WaybillSilo.CallTimeout"/>, since whoever waits longer gets no answer anyway.
    /// </summary>
    public int WaitingCallsMax { get; set; } = 20_000;

    /// <summary>
    /// How long nothing may be sent to who follows the log: proxies take a connection for dead on which nothing comes.
    /// </summary>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a driver may take to come before the next one is asked.</summary>
    public TimeSpan ArrivalLimit { get; set; } = new DispatchOptions().ArrivalLimit;

    /// <summary>Where customers' notifications are posted; without it they are written to the log.</summary>
    public WebhookSettings Webhook { get; set; } = new();

    /// <summary>The settings of the webhook, once they have been read; null if there is none.</summary>
    internal WebhookOptions? Receiver { get; private set; }

    /// <exception cref="StartException">A setting is unknown, of the wrong type, or out of range.</exception>
    internal static WaybillOptions Read(IConfiguration configuration)
    {
        var options = new WaybillOptions();
        try
        {
            configuration.GetSection(Section).Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException malformed)
        {
            throw new StartException($"The settings under {Section}: are wrong. {malformed.Message}", malformed);
        }

        if (string.IsNullOrWhiteSpace(options.Data))
            throw new StartException($"{Section}:Data must name a directory.");
        if (options.ArrivalLimit <= TimeSpan.Zero)
            throw new StartException($"{Section}:ArrivalLimit is {options.ArrivalLimit}; it must be a while.");
        if (options.WaitingCallsMax < 1)
            throw new StartException($"{Section}:WaitingCallsMax is {options.WaitingCallsMax}; it must be at least 1.");
        if (options.Heartbeat <= TimeSpan.Zero || options.Heartbeat > TimeSpan.FromHours(1))
            throw new StartException($"{Section}:Heartbeat is {options.Heartbeat}; it must be up to an hour.");
        options.Receiver = options.Webhook.Read();
        return options;
    }
}

/// <summary>The settings under <c>Waybill:Webhook:</c>.</summary>
public sealed class WebhookSettings
{
    private const string Section = $"{WaybillOptions.Section}:{nameof(WaybillOptions.Webhook)}";

    /// <summary>Where notifications are posted.</summary>
    public string? Url { get; set; }

    /// <summary>
    /// What they are signed with: <c>whsec_</c> and 24 to 64 bytes in base64. On the command line it shows in the list
    /// of processes; in the environment it is <c>Waybill__Webhook__Secret</c>.
    /// </summary>
    public string? Secret { get; set; }

    /// <summary>How long the receiver may take to answer.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The first pause after the receiver has failed repeatedly.</summary>
    public TimeSpan Pause { get; set; } = TimeSpan.FromSeconds(5);

    /// <exception cref="StartException">A setting is wrong, or one is missing.</exception>
    internal WebhookOptions? Read()
    {
        if (string.IsNullOrEmpty(Url) && string.IsNullOrEmpty(Secret))
            return null;
        if (!WebhookOptions.TryRead(Url, Secret, out var options, out var error))
            throw new StartException($"{Section}:{error}");
        if (Timeout < WebhookOptions.TimeoutMin || Timeout > WebhookOptions.TimeoutMax)
            throw new StartException(
                $"{Section}:Timeout is {Timeout}; "
                + $"it must be {WebhookOptions.TimeoutMin} to {WebhookOptions.TimeoutMax}.");
        if (Pause < WebhookOptions.PauseMin || Pause > options.PauseMax)
            throw new StartException(
                $"{Section}:Pause is {Pause}; it must be {WebhookOptions.PauseMin} to {options.PauseMax}.");
        return options with { Timeout = Timeout, Pause = Pause };
    }
}
