using System.Text;

namespace OciImage.Layers;

/// <summary>Notes what of a tree no layer can hold, with the paths of the tree.</summary>
internal sealed class LeftOut(LayerRemarks remarks)
{
    private readonly HashSet<string> _filtered = new(StringComparer.Ordinal);

    /// <summary>Gets or sets the path of the directory that is being read.</summary>
    public byte[] Directory { get; set; } = [];

    public void AddSocket(byte[] name) => Add(LayerRemarkKind.FileType, name, $"The socket '{Show(name)}' is left out.");

    /// <summary>Notes an attribute that says nothing outside of this machine: once, since every file may have it.</summary>
    public void AddFilteredXattr(byte[] name, byte[] xattr)
    {
        string key = Encoding.Latin1.GetString(xattr);
        if (_filtered.Add(key))
        {
            Add(LayerRemarkKind.Xattr, name, $"The attribute '{Excerpt.Of(key)}' of '{Show(name)}' is left out on purpose, and so it is of all that follow.");
        }
    }

    public void AddEmptyXattr(byte[] name, byte[] xattr) => Add(
        LayerRemarkKind.Xattr,
        name,
        $"The attribute '{Excerpt.Of(Encoding.UTF8.GetString(xattr))}' of '{Show(name)}' is left out: it is empty, which an archive cannot say.");

    public void AddSurplusXattr(byte[] name, byte[] xattr) => Add(
        LayerRemarkKind.Xattr,
        name,
        $"The attribute '{Excerpt.Of(Encoding.UTF8.GetString(xattr))}' of '{Show(name)}' is left out: there are more than an archive can say.");

    private void Add(LayerRemarkKind kind, byte[] name, string message) => remarks.Add(kind, Full(name), message);

    private string Show(byte[] name) => Excerpt.Of(Full(name));

    private string Full(byte[] name) => name is [(byte)'.'] && Directory.Length == 0
        ? "/"
        : Encoding.UTF8.GetString(name is [(byte)'.'] ? Directory : LayerTree.Join(Directory, name));
}
