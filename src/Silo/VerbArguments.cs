namespace Waybill.Silo;

/// <summary>
/// What a verb was given on the command line. Strict, where a start is not: a misspelled option would let it do its
/// work in another place, and report success.
/// </summary>
internal static class VerbArguments
{
    /// <summary>Reads the settings as a start does, from all of its sources.</summary>
    /// <param name="arguments">What follows the verb.</param>
    /// <param name="own">The one option that only this verb has; null if there is none.</param>
    /// <returns>The settings, and the value of that option; null if it was not given.</returns>
    /// <exception cref="StartException">An option is unknown or has no value, or a setting is wrong.</exception>
    public static (WaybillOptions Options, string? Own) Read(string[] arguments, string? own = null)
    {
        var ownValue = default(string);
        var settings = new List<string>();
        for (var i = 0; i < arguments.Length; i++)
        {
            var parts = arguments[i].Split('=', 2);
            if (parts[0] != own && !WaybillOptions.Switches.ContainsKey(parts[0]))
                throw new StartException($"the option {arguments[i]} is unknown.");
            if (parts.Length < 2 && i + 1 == arguments.Length)
                throw new StartException($"{parts[0]} needs a value.");
            var value = parts.Length == 2 ? parts[1] : arguments[++i];
            if (parts[0] == own)
                ownValue = value;
            else
                settings.AddRange([parts[0], value]);
        }
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddCommandLine([.. settings], WaybillOptions.Switches);
        return (WaybillOptions.Read(builder.Configuration), ownValue);
    }
}
