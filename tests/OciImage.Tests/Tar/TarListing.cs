using System.Text;
using OciImage.Tar;

namespace OciImage.Tests.Tar;

/// <summary>What was read from an archive.</summary>
internal sealed record TarListing(IReadOnlyList<TarListing.Row> Rows, IReadOnlyList<string> Oddities)
{
    public TarEntry Single => Assert.Single(Rows).Entry;

    public IEnumerable<string> Names => Rows.Select(row => row.Entry.DisplayName);

    internal sealed record Row(TarEntry Entry, byte[] Content, IReadOnlyList<TarExtent>? Extents)
    {
        public string Text => Encoding.Latin1.GetString(Content);
    }
}
