using System.Text.RegularExpressions;

namespace Waybill.Tests.Style;

/// <summary>
/// The rules of CONTRIBUTING.md that a machine can check. Most are a pattern that must be found nowhere; a letter
/// stands in brackets where the pattern would find itself.
/// </summary>
public sealed class StyleTests
{
    private static readonly string[] Application = ["src/Grains", "src/EventStore", "src/Silo", "src/Api"];

    [Fact]
    public void Lines_of_code_are_at_most_120_columns() => Nowhere(Repository.CSharp(), "^.{121,}$");

    [Fact]
    public void Files_of_code_are_at_most_500_lines() => Nothing(
        from file in Repository.CSharp()
        let lines = file.Text.Count(c => c == '\n')
        where lines > 500
        select $"{file.Path}:{lines}: too long");

    [Fact]
    public void Nothing_is_left_to_do_in_a_comment() => Nowhere(Repository.Files, @"\b(T[O]DO|F[I]XME|H[A]CK)\b");

    [Fact]
    public void Comments_are_sentences_and_not_banners_or_markers() =>
        Nowhere(Repository.CSharp(), @"//\s*([=*#~-]{4,}|(?i:arrange|act|assert)\b)");

    // The embedded engine has Orleans' own names.
    [Fact]
    public void Types_are_named_after_what_they_are() => Nowhere(
        Repository.CSharp().Where(file => !file.Path.StartsWith("src/Orleans.Embedded/", StringComparison.Ordinal)),
        @"\b(class|struct|record|interface|enum)\s+\w*(Manager|Helper|Util)(s|ities)?\b");

    [Fact]
    public void Events_are_named_after_what_happened_without_a_suffix() => Nowhere(
        Repository.CSharp(),
        @"(?<=\[EventType\([^\]]*\]\s*(\[[^\]]*\]\s*)*)[\w ]*\brecord(\s+struct)?\s+\w+Event\b");

    // One file is left out: it asks where code goes on after a delay; there a delay is what is tested.
    [Fact]
    public void Tests_wait_for_what_happens_and_not_for_a_time() => Nowhere(
        Repository.CSharp("tests").Where(file =>
            file.Path != "tests/Orleans.Embedded.Tests/Activations/Scheduling.cs"),
        @"\bTask\.Delay\((?!Timeout\.Infinite)");

    [Fact]
    public void No_thread_sleeps() => Nowhere(Repository.CSharp(), @"\bThread\.Sleep\b");

    [Fact]
    public void The_engine_shows_in_one_file_of_the_silo_and_one_of_the_API_at_most() => Nothing(
        from folder in Application
        let files = Repository.CSharp(folder).Select(file => file.Find(@"^\s*#if\b").ToList())
        from found in files.Where(found => found.Count > 0).Skip(folder is "src/Silo" or "src/Api" ? 1 : 0)
        from line in found
        select line);

    [Fact]
    public void Aggregates_take_time_and_ids_from_outside()
    {
        var aggregates = Repository.CSharp("src/Grains").Where(file => file.Text.Contains(": IAggregate<")).ToList();

        aggregates.ShouldNotBeEmpty();
        Nowhere(aggregates, @"\bDateTime(Offset)?\.(Utc)?(Now|Today)\b|\bGuid\.(New|Create)|\bRandom\b");
    }

    [Fact]
    public void Each_package_has_its_line_in_the_dependencies()
    {
        var lines = Repository.File("docs/dependencies.md").Find(@"^\|.*").ToList();
        var packages = Repository.File("Directory.Packages.props").Find("<PackageVersion Include=").ToList();

        packages.ShouldNotBeEmpty();
        Nothing(
            from package in packages
            let name = package.Split('"')[1]
            let listed = name.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal) ? "Microsoft.Orleans.*" : name
            where !lines.Any(line => line.Contains($"`{listed}`"))
            select package);
    }

    [Fact]
    public void Each_folder_of_the_embedded_engine_has_a_page() => Nothing(
        from file in Repository.CSharp("src/Orleans.Embedded")
        group file by Path.GetDirectoryName(file.Path)! into files
        let folder = files.Key
        where !Path.Exists(Path.Combine(Repository.Root, folder, "README.md"))
        select $"{folder}: no README.md");

    [Fact]
    public void Links_lead_to_files_that_are_there() => Nothing(
        from page in Pages
        from link in Regex.Matches(page.Text, @"\]\((?![a-z]+:|#)([^)#\s]+)")
        where !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(page.Path)!, link.Groups[1].Value))
        from line in page.Find(Regex.Escape(link.Value))
        select line);

    [Fact]
    public void No_file_names_a_place_on_one_machine()
    {
        Nowhere(Repository.Files, @"(?<![\w.])/(work|root|home)/");
        Nowhere(Pages, @"(?<![\w.])/tmp/");
    }

    private static IEnumerable<TextFile> Pages =>
        Repository.Files.Where(file => file.Path.EndsWith(".md", StringComparison.Ordinal));

    private static void Nowhere(IEnumerable<TextFile> files, string pattern) =>
        Nothing(files.SelectMany(file => file.Find(pattern)));

    private static void Nothing(IEnumerable<string> offences)
    {
        var found = offences.ToList();
        if (found.Count > 0) Assert.Fail($"{found.Count} found:\n{string.Join('\n', found)}");
    }
}
