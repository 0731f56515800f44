"""What goes wrong with the storage, each as one readable line."""


class StorageError(Exception):
    """The storage can't be used; the text is one readable line."""


class StorageClosedError(StorageError):
    """The bot is ending and the storage is closed already."""


class StorageInUseError(StorageError):
    """Another process holds the storage."""
