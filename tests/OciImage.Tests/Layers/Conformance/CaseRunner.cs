using OciImage.Content;
using OciImage.Layers;
using OciImage.Linux;
using OciImage.TestKit;

namespace OciImage.Tests.Layers.Conformance;

/// <summary>Runs a case through an output, with a tree outside that must not change, in bounded time and memory.</summary>
internal static class CaseRunner
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // What reading and unpacking may allocate, whatever a layer says: the buffers, and something for each byte of the archive.
    private const long MaxAllocated = 32 * 1024 * 1024;
    private const long MaxAllocatedPerByte = 16;

    public static async Task<CaseOutcome> RunAsync(LayerCase each, ICaseOutput output, CancellationToken cancellationToken)
    {
        bool isRoot = !output.UsesFileSystem || Libc.GetEffectiveUserId() == 0;
        string name = $"{output.Kind}, {(isRoot ? "root" : "user")}";
        CaseExpectation expectation = each.ExpectationFor(output.Kind, isRoot);
        if (output.UsesFileSystem && SystemAbilities.Here.LackFor(expectation) is { } lack)
        {
            return new CaseOutcome(each.Id, name, [], lack);
        }

        using var directory = new TemporaryDirectory(SystemAbilities.Here.Place);
        using var contents = new RemovedContents(directory.Path);
        var sentinel = new CaseSentinel(directory.Path);
        var store = new MemoryStore();
        var layers = new List<LayerToApply>();
        CaseLayer[] all = each.Lower.Count > 0 ? [new CaseLayer { Entries = each.Lower }, .. each.Layers] : [.. each.Layers];
        long archived = 0;
        foreach (CaseLayer layer in all)
        {
            byte[] archive = CaseArchive.Write(layer, sentinel.Path);
            archived += archive.Length;
            LayerToApply added = await TestLayer.AddArchiveAsync(store, archive);
            layers.Add(layer.WrongDiffId ? added with { DiffId = Digest.Compute([.. archive, 0]) } : added);
        }

        var faults = new List<string>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        int thread = Environment.CurrentManagedThreadId;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            CaseResult result = await output.ApplyAsync(directory.Path, store, layers, Options(each.Limits), limit.Token);
            faults.AddRange(CompareResult(expectation, result, sentinel.Path));
        }
        catch (LayerException refusal)
        {
            faults.AddRange(CompareRefusal(expectation, refusal));
            string[] left = [.. Directory.GetFileSystemEntries(directory.Path).Where(path => path != sentinel.Path)];
            faults.AddRange(left.Select(path => $"'{Path.GetFileName(path)}' is left."));
        }
        catch (Exception exception)
        {
            faults.Add($"It ended in {exception}");
        }

        // Memory comes at once, so that all of it happens on this thread.
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (thread == Environment.CurrentManagedThreadId && allocated > MaxAllocated + (archived * MaxAllocatedPerByte))
        {
            faults.Add($"It allocated {allocated} bytes for archives of {archived}.");
        }

        if (!sentinel.IsUntouched())
        {
            faults.Add("What lies outside the root changed.");
        }

        return new CaseOutcome(each.Id, name, faults);
    }

    private static UnpackOptions Options(CaseLimits limits)
    {
        var options = new UnpackOptions();
        options.MaxEntries = limits.Entries ?? options.MaxEntries;
        options.MaxBytes = limits.Bytes ?? options.MaxBytes;
        options.MaxDepth = limits.Depth ?? options.MaxDepth;

        return options;
    }

    private static IEnumerable<string> CompareResult(CaseExpectation expectation, CaseResult result, string outside)
    {
        if (expectation.Error is not null)
        {
            return [$"It was applied, and should be refused as {expectation.Error}."];
        }

        IReadOnlyList<string> faults = TreeComparison.Compare(Expand(expectation.Tree!, outside), result.Tree, result.Omissions);
        string expected = string.Join(' ', expectation.Remarks.Order(StringComparer.Ordinal));
        string actual = string.Join(' ', result.Remarks.Select(remark => remark.Kind.ToString()).Order(StringComparer.Ordinal));
        return expected == actual
            ? faults
            : [.. faults, $"The remarks are '{actual}', expected '{expected}': {string.Join(' ', result.Remarks.Take(3))}"];
    }

    private static IEnumerable<string> CompareRefusal(CaseExpectation expectation, LayerException refusal) =>
        expectation.Error == refusal.Kind.ToString()
            ? []
            : [$"It was refused as {refusal.Kind}, expected {expectation.Error ?? "a tree"}: {refusal.Message}"];

    private static Dictionary<string, CaseNode> Expand(IReadOnlyDictionary<string, CaseNode> tree, string outside)
    {
        var expanded = new Dictionary<string, CaseNode> { ["."] = new() { Type = "implied" } };
        foreach ((string path, CaseNode node) in tree)
        {
            for (int i = 0; i < node.Repeat; i++)
            {
                string full = CaseArchive.Expand(path, i, node.Repeat, outside).TrimStart('/');
                if (path.StartsWith("{outside}", StringComparison.Ordinal))
                {
                    AddAbove(expanded, full);
                }

                expanded[full] = node.Link is null ? node : node with { Link = CaseArchive.Expand(node.Link, i, node.Repeat, outside) };
            }
        }

        return expanded;
    }

    // .NET removes neither the longest paths nor directories that cannot be entered.
    private sealed class RemovedContents(string place) : IDisposable
    {
        public void Dispose()
        {
            using DirectoryHandle directory = DirectoryHandle.OpenPath(place);
            foreach ((byte[] name, _) in DirectoryListing.Read(directory))
            {
                TreeRemover.Remove(directory, name);
            }
        }
    }

    private static void AddAbove(Dictionary<string, CaseNode> tree, string path)
    {
        for (string? above = Path.GetDirectoryName(path); !string.IsNullOrEmpty(above); above = Path.GetDirectoryName(above))
        {
            tree.TryAdd(above, new CaseNode { Type = "implied" });
        }
    }
}
