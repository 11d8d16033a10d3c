using System.Collections.Concurrent;
using OciImage.Content;

namespace OciImage.Tests.Content;

/// <summary>Keeps every report, at once and on the reporting thread.</summary>
internal sealed class ListProgress : IProgress<ContentProgress>
{
    public ConcurrentQueue<ContentProgress> Reports { get; } = new();

    public int Count(ContentProgressState state) => Reports.Count(report => report.State == state);

    public void Report(ContentProgress value) => Reports.Enqueue(value);
}
